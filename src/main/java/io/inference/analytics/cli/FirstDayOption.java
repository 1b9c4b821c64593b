package io.inference.analytics.cli;

import java.time.LocalDate;
import picocli.CommandLine.Option;

/** {@code --from} of what holds from a day on. */
final class FirstDayOption {

    @Option(names = "--from", required = true, paramLabel = "DATE", description = "The first UTC day.")
    String date;

    LocalDate get() {
        return DayArgument.of("--from", date);
    }
}
