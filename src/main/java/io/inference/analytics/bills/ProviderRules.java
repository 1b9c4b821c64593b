package io.inference.analytics.bills;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.ProvidersConfig;
import java.time.Clock;
import java.time.LocalDate;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Jdbi;

/**
 * Writes the rules that settings choose into the database, where derivations and all readers find
 * the same ones. An empty setting changes nothing, so a process without the setting cannot undo
 * what another process set.
 */
final class ProviderRules {

    private static final Logger LOG = Logger.getLogger(ProviderRules.class);
    private static final int MONTHS = 12;

    private static final String FIND = "select value from analytics.provider_rule where name = :name";

    private static final String SET =
            """
            insert into analytics.provider_rule (name, value, changed_at) values (:name, :value, :now)
            on conflict (name) do update set value = excluded.value, changed_at = excluded.changed_at
            """;

    private ProviderRules() {}

    /**
     * Applies the settings. A change of the rule about names of keys derives every day again.
     *
     * @throws Failure.Invalid when the month is not 1 to 12
     */
    static void apply(ProvidersConfig config, Jdbi jdbi, Clock clock) {
        Optional<String> month = Optional.empty();
        if (config.fiscalYearStart().isPresent()) {
            int start = config.fiscalYearStart().getAsInt();
            if (start < 1 || start > MONTHS) {
                throw new Failure.Invalid(
                        "analytics.providers.fiscal-year-start",
                        "analytics.providers.fiscal-year-start: %d (expected: 1 to 12)".formatted(start));
            }
            month = Optional.of(Integer.toString(start));
        }
        set(jdbi, clock, "fiscal_year_start", month, false);
        set(jdbi, clock, "key_names", config.keyNames().map(String::valueOf), true);
    }

    private static void set(Jdbi jdbi, Clock clock, String name, Optional<String> value, boolean derives) {
        if (value.isEmpty() || value.equals(find(jdbi, name))) {
            return;
        }
        int days = MappingChange.run(jdbi, "setting " + name, handle -> {
            handle.createUpdate(SET)
                    .bind("name", name)
                    .bind("value", value.get())
                    .bind("now", clock.instant())
                    .execute();
            return derives ? MappingChange.deriveSince(handle, LocalDate.EPOCH) : 0;
        });
        LOG.infof("event=provider_rule_set name=%s value=%s days=%d", name, value.get(), days);
    }

    private static Optional<String> find(Jdbi jdbi, String name) {
        return jdbi.withHandle(handle ->
                handle.createQuery(FIND).bind("name", name).mapTo(String.class).findOne());
    }
}
