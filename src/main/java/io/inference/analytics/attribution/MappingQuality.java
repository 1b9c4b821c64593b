package io.inference.analytics.attribution;

import io.inference.analytics.provider.ProvidersConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.Query;

/**
 * The quality of today's mappings of keys, and what is odd about them. It reports only: no mapping
 * and no import is refused because of it.
 */
@ApplicationScoped
public class MappingQuality {

    private static final String QUALITY =
            """
            select keys_used, keys_mapped, coverage, invalid_mappings, grade, mean_confidence, low_confidence_usd
            from analytics.provider_mapping_quality(:today)
            """;

    private static final String WARNINGS =
            "select kind, subject, detail from analytics.provider_mapping_warnings(:today, :domains::text[])";

    /**
     * The mappings as a whole.
     *
     * @param keysUsed keys with tokens in the last 31 days
     * @param keysMapped those of them whose mapping names a user or a team
     * @param coverage keysMapped / keysUsed, 0 to 1; 1 when no key was used
     * @param invalid mappings of keys that the provider does not list
     * @param grade excellent, good, acceptable or needs_attention
     * @param meanConfidence mean confidence of the costs of the last 31 days, weighted by amount; 1
     *     without costs
     * @param lowConfidenceUsd the US dollars of those costs whose confidence is below 0.8
     * @param warnings what a person should look at
     */
    public record Report(
            long keysUsed,
            long keysMapped,
            BigDecimal coverage,
            long invalid,
            String grade,
            BigDecimal meanConfidence,
            BigDecimal lowConfidenceUsd,
            List<Warning> warnings) {

        private static final BigDecimal CONFIDENT = new BigDecimal("0.95");

        /** Whether more mappings are needed: the mean confidence should be at least 0.95. */
        public boolean wantsMappings() {
            return meanConfidence.compareTo(CONFIDENT) < 0;
        }

        /** Whether no immediate action is needed. */
        public boolean fine() {
            return !grade.equals("needs_attention");
        }
    }

    /**
     * Something odd.
     *
     * @param kind unknown_key, ambiguous_name, platform, many_keys or foreign_domain
     * @param subject the key or the address
     * @param detail why
     */
    public record Warning(String kind, String subject, String detail) {}

    private final ProvidersConfig config;
    private final Jdbi jdbi;
    private final Clock clock;

    public MappingQuality(ProvidersConfig config, Jdbi jdbi, Clock clock) {
        this.config = config;
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /** Examines the mappings that apply today (UTC). */
    public Report report() {
        LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        return jdbi.withHandle(handle -> {
            List<Warning> warnings = warnings(handle, today);
            return handle.createQuery(QUALITY)
                    .bind("today", today)
                    .map(row -> report(row, warnings))
                    .one();
        });
    }

    private static Report report(RowView row, List<Warning> warnings) {
        return new Report(
                row.getColumn("keys_used", Long.class),
                row.getColumn("keys_mapped", Long.class),
                row.getColumn("coverage", BigDecimal.class),
                row.getColumn("invalid_mappings", Long.class),
                row.getColumn("grade", String.class),
                row.getColumn("mean_confidence", BigDecimal.class),
                row.getColumn("low_confidence_usd", BigDecimal.class),
                warnings);
    }

    private List<Warning> warnings(Handle handle, LocalDate today) {
        Query select = handle.createQuery(WARNINGS).bind("today", today);
        Optional<List<String>> domains = config.emailDomains();
        if (domains.isPresent()) {
            select.bindArray(
                    "domains",
                    String.class,
                    domains.get().stream()
                            .map(domain -> domain.strip().toLowerCase(Locale.ROOT))
                            .toList());
        } else {
            select.bindByType("domains", null, String.class);
        }
        return select.map(row -> new Warning(
                        row.getColumn("kind", String.class),
                        row.getColumn("subject", String.class),
                        row.getColumn("detail", String.class)))
                .list();
    }
}
