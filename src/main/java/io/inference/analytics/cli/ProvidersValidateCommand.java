package io.inference.analytics.cli;

import io.inference.analytics.bills.ProviderValidation;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code providers validate}. */
@Dependent
@Command(
        name = "validate",
        description = {
            "Checks an imported day at five checkpoints, and exits with 1 if one fails.",
            "Against the archived answers, and against the total that the provider's own dashboard shows, if given.",
            "Warns of what is unusual and may yet be right."
        })
class ProvidersValidateCommand implements ServiceCommand {

    @Mixin
    ProviderOption provider;

    @Option(names = "--date", required = true, paramLabel = "DATE", description = "The UTC day.")
    String date;

    @Option(
            names = "--expected-total",
            paramLabel = "USD",
            description = "What the provider's dashboard shows, such as 22.72.")
    String expectedTotal;

    @Mixin
    OrganizationOption organization;

    @Inject
    ProviderValidation validation;

    @Override
    public void validate() {
        provider.get();
        DayArgument.of("--date", date);
        organization.validate();
        total();
    }

    private Optional<BigDecimal> total() {
        return expectedTotal == null ? Optional.empty() : Optional.of(dollars("--expected-total", expectedTotal));
    }

    static BigDecimal dollars(String option, String text) {
        if (!text.matches("[0-9]{1,12}(\\.[0-9]{1,12})?")) {
            throw new Failure.Invalid(option, "%s: %s (expected: US dollars such as 22.72)".formatted(option, text));
        }
        return new BigDecimal(text);
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        var checkpoints =
                validation.validate(provider.get(), organization.get(), DayArgument.of("--date", date), total());
        boolean passed = true;
        for (var checkpoint : checkpoints) {
            out.printf(
                    "%-6s %-22s expected %s, found %s%n",
                    !checkpoint.passed() ? "FAILED" : checkpoint.warning() ? "warn" : "ok",
                    checkpoint.name(),
                    checkpoint.expected(),
                    checkpoint.found());
            passed &= checkpoint.passed();
        }
        out.println(passed ? "validated" : "not validated");
        return passed ? 0 : 1;
    }
}
