package io.inference.analytics.cli;

import io.inference.analytics.attribution.EmailAddress;
import io.inference.analytics.attribution.ProviderMappings;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code providers map-key}. */
@Dependent
@Command(
        name = "map-key",
        description = "Says what a key is used for and by whom, from a day on; the days since are derived anew.")
class ProvidersMapKeyCommand implements ServiceCommand {

    private static final BigDecimal CONFIDENCE = new BigDecimal("0.900");

    @Option(
            names = "--key",
            required = true,
            paramLabel = "ID",
            description = "Id (apikey_…) or name; never the key itself.")
    String key;

    @Option(
            names = "--platform",
            required = true,
            paramLabel = "P",
            description = "claude_code, claude_api or claude_ai.")
    String platform;

    @Option(names = "--email", paramLabel = "E", description = "Whose key it is.")
    String email;

    @Option(names = "--team", paramLabel = "T", description = "Whose costs they are.")
    String team;

    @Option(names = "--environment", paramLabel = "NAME", description = "Such as production, for people to read.")
    String environment;

    @Option(names = "--cost-center", paramLabel = "ID", description = "For people to read.")
    String costCenter;

    @Option(names = "--description", paramLabel = "TEXT", description = "For people to read.")
    String description;

    @Mixin
    FirstDayOption from;

    @Inject
    ProviderMappings mappings;

    @Override
    public void validate() {
        ProviderArguments.platform(platform);
        from.get();
        if (key.startsWith("sk-")) {
            throw new Failure.Invalid("--key", "--key: a secret (expected: the id of a key, apikey_…, or its name)");
        }
        if (email != null && !EmailAddress.matches(email.strip())) {
            throw new Failure.Invalid("--email", "--email: %s (expected: an address)".formatted(email));
        }
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        int days = mappings.mapKey(
                new ProviderMappings.KeyMapping(
                        key.strip(),
                        Optional.of(ProviderArguments.platform(platform)),
                        Optional.ofNullable(email).map(text -> text.strip().toLowerCase(Locale.ROOT)),
                        text(team),
                        CONFIDENCE,
                        from.get(),
                        new ProviderMappings.KeyNotes(
                                "manual_entry", text(environment), text(costCenter), text(description))),
                ProviderArguments.BY);
        out.printf("key %s is %s from %s; days derived anew: %d%n", key, platform, from.get(), days);
        return 0;
    }

    private static Optional<String> text(String option) {
        return Optional.ofNullable(option).map(String::strip).filter(text -> !text.isEmpty());
    }
}
