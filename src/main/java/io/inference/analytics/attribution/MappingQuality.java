package io.inference.analytics.attribution;

import io.inference.analytics.provider.ProvidersConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.sql.DataSource;

/** How good the mappings of keys are today, and what is odd about them. Nothing here keeps a mapping or an import out. */
@ApplicationScoped
public class MappingQuality {

    private static final String QUALITY =
            """
            select keys_used, keys_mapped, coverage, invalid_mappings, grade, mean_confidence, low_confidence_usd
            from analytics.provider_mapping_quality(?)
            """;

    private static final String WARNINGS =
            "select kind, subject, detail from analytics.provider_mapping_warnings(?, ?)";

    /**
     * The mappings as a whole.
     *
     * @param keysUsed keys with tokens in the last 31 days
     * @param keysMapped those of them whose mapping names a user or a team
     * @param coverage keysMapped of keysUsed, 0 to 1; 1 when no key was used
     * @param invalid mappings of keys that the provider does not list
     * @param grade excellent, good, acceptable or needs_attention
     * @param meanConfidence of the attribution of the costs of the last 31 days, by amount; 1 when there were none
     * @param lowConfidenceUsd the part of those costs, in US dollars, whose confidence is below 0.8
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

        /** Whether more mappings would make the attribution of costs surer: it should be 0.95 in the mean. */
        public boolean wantsMappings() {
            return meanConfidence.compareTo(CONFIDENT) < 0;
        }

        /** Whether nobody has to act at once. */
        public boolean fine() {
            return !grade.equals("needs_attention");
        }
    }

    /** Something odd: unknown_key, ambiguous_name, platform, many_keys or foreign_domain; which key or address; and why. */
    public record Warning(String kind, String subject, String detail) {}

    private final ProvidersConfig config;
    private final DataSource dataSource;
    private final Clock clock;

    public MappingQuality(ProvidersConfig config, DataSource dataSource, Clock clock) {
        this.config = config;
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /** Looks at the mappings that hold today (UTC). */
    public Report report() throws SQLException {
        LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        try (Connection connection = dataSource.getConnection()) {
            List<Warning> warnings = warnings(connection, today);
            try (PreparedStatement select = connection.prepareStatement(QUALITY)) {
                select.setObject(1, today);
                try (ResultSet row = select.executeQuery()) {
                    row.next();
                    return new Report(
                            row.getLong(1),
                            row.getLong(2),
                            row.getBigDecimal(3),
                            row.getLong(4),
                            row.getString(5),
                            row.getBigDecimal(6),
                            row.getBigDecimal(7),
                            warnings);
                }
            }
        }
    }

    private List<Warning> warnings(Connection connection, LocalDate today) throws SQLException {
        Array domains = config.emailDomains().isEmpty()
                ? null
                : connection.createArrayOf(
                        "text",
                        config.emailDomains().get().stream()
                                .map(domain -> domain.strip().toLowerCase(Locale.ROOT))
                                .toArray());
        List<Warning> warnings = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(WARNINGS)) {
            select.setObject(1, today);
            select.setArray(2, domains);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    warnings.add(new Warning(rows.getString(1), rows.getString(2), rows.getString(3)));
                }
            }
        }
        return warnings;
    }
}
