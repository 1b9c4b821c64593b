package io.inference.analytics.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class FieldNamesTest {

    private static String line(Exception failure, String... command) {
        PrintWriter silent = new PrintWriter(new StringWriter());
        CommandLine line = Invocation.line(CommandLine.defaultFactory(), silent, silent);
        for (String name : command) {
            line = line.getSubcommands().get(name);
        }
        return FieldNames.line(failure, line.getCommandSpec());
    }

    @Test
    void aFieldIsPrintedAsItsOption() {
        assertThat(line(new Failure.Invalid("date", "date: 2030-01-01 (expected: today)"), "providers", "import"))
                .isEqualTo("analytics: --date: 2030-01-01 (expected: today)");
        assertThat(line(new Failure.Invalid("organization", "organization: missing"), "providers", "validate"))
                .as("of a group of options")
                .isEqualTo("analytics: --organization: missing");
        assertThat(line(new Failure.Invalid("fromOffset", "fromOffset: 7 (expected: 6)"), "replay"))
                .as("in words of Java")
                .isEqualTo("analytics: --from-offset: 7 (expected: 6)");
    }

    @Test
    void aFieldIsPrintedAsItsParameter() {
        assertThat(line(new Failure.Invalid("file", "file: empty"), "providers", "users", "import"))
                .isEqualTo("analytics: FILE.csv: empty");
    }

    @Test
    void everyFaultOfSeveralNamesItsOption() {
        assertThat(line(
                        new Failure.Invalid(List.of(
                                new FieldError("permissions", "permissions: none"),
                                new FieldError("expiresAt", "expiresAt: 2020-01-01 (expected: in the future)"))),
                        "apikey",
                        "create"))
                .isEqualTo("analytics: 2 faults: --permission: none; --expires: 2020-01-01 (expected: in the future)");
    }

    @Test
    void whatTheCommandDoesNotTakeKeepsItsName() {
        assertThat(line(new Failure.Invalid("email", "line 2: email: no address"), "providers", "users", "import"))
                .isEqualTo("analytics: line 2: email: no address");
        assertThat(line(new Failure.Invalid("INGESTION_TRANSPORT", "INGESTION_TRANSPORT: queue"), "replay"))
                .isEqualTo("analytics: INGESTION_TRANSPORT: queue");
    }

    @Test
    void otherFailuresNameOptionsToo() {
        assertThat(line(new Failure.Unavailable("pushgateway: it does not answer", Duration.ZERO, null), "synthetic"))
                .isEqualTo("analytics: --pushgateway: it does not answer");
        assertThat(line(
                        new Failure.Conflict("cursor of 2025-10: 5 USD is entered already"),
                        "providers",
                        "seats",
                        "add"))
                .isEqualTo("analytics: cursor of 2025-10: 5 USD is entered already (expected: --replace to change it)");
    }
}
