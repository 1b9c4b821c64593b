package io.inference.analytics.cli;

import io.inference.analytics.attribution.Tool;
import io.inference.analytics.bills.DayOutcome;
import io.inference.analytics.bills.ProviderImports;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;

/** What the commands about providers read and print alike. */
final class ProviderArguments {

    /** Who asks, for the ledger. */
    static final String BY = "command line";

    private ProviderArguments() {}

    static Provider provider(String name) {
        for (Provider provider : List.of(Provider.ANTHROPIC, Provider.CURSOR)) {
            if (provider.wireName().equals(name.toLowerCase(Locale.ROOT))) {
                return provider;
            }
        }
        throw new Failure.Invalid("--provider", "--provider: %s (expected: anthropic or cursor)".formatted(name));
    }

    static Tool platform(String name) {
        return Tool.of(name)
                .orElseThrow(() -> new Failure.Invalid(
                        "--platform",
                        "--platform: %s (expected: claude_code, claude_api, claude_ai or cursor)".formatted(name)));
    }

    static void print(PrintWriter out, DayOutcome day) {
        out.printf(
                "%s\t%s\t%s\trevision %d\t%d rows%s%s%n",
                day.date(),
                day.dataset(),
                day.status().wireName(),
                day.revision(),
                day.rows(),
                day.amountUsd().map(usd -> "\t" + plain(usd) + " USD").orElse(""),
                day.detail().map(detail -> "\t" + detail).orElse(""));
    }

    /** All digits of an amount, and no more. */
    static String plain(BigDecimal amount) {
        return amount.signum() == 0 ? "0" : amount.stripTrailingZeros().toPlainString();
    }

    /** The last line, and the exit code. */
    static int summary(PrintWriter out, ProviderImports.Summary summary) {
        long good = summary.days().stream().filter(day -> day.status().good()).count();
        out.printf("%d days imported, %d failed%n", good, summary.days().size() - good);
        return summary.complete() ? 0 : 1;
    }
}
