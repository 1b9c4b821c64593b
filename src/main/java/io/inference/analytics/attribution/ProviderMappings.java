package io.inference.analytics.attribution;

import io.inference.analytics.bills.DayImport;
import io.inference.analytics.bills.DayKey;
import io.inference.analytics.bills.DayTables;
import io.inference.analytics.bills.MappingChange;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.WorkspaceRef;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Says what workspaces and keys are, from a day on, and what seats cost.
 *
 * <p>A mapping holds until the next one of the same workspace or key begins. Every change is one transaction with the derived days
 * that it touches; each is logged with who made it.
 */
@ApplicationScoped
public class ProviderMappings {

    private static final Logger LOG = Logger.getLogger(ProviderMappings.class);

    private static final String WORKSPACE_BEGIN =
            """
            insert into analytics.workspace_platform (workspace_id, organization_id, platform, valid_from, valid_to, source, created_at)
            values (?, ?, ?, ?, (select min(valid_from) from analytics.workspace_platform
                                 where workspace_id = ? and organization_id = ? and valid_from > ?), ?, ?)
            on conflict (workspace_id, organization_id, valid_from) do update set platform = excluded.platform, source = excluded.source,
                created_at = excluded.created_at
            """;

    private static final String WORKSPACE_END =
            """
            update analytics.workspace_platform set valid_to = ?
            where workspace_id = ? and organization_id = ? and valid_from < ? and (valid_to is null or valid_to > ?)
            """;

    private static final String KEY_END =
            """
            update analytics.api_key_mapping set valid_to = ?
            where %s = ? and valid_from < ? and (valid_to is null or valid_to > ?)
            """;

    private static final String KEY_BEGIN =
            """
            insert into analytics.api_key_mapping (%1$s, platform, user_email, team, confidence, source, environment, cost_center, description,
                valid_from, valid_to, created_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (select min(valid_from) from analytics.api_key_mapping where %1$s = ? and valid_from > ?), ?)
            on conflict (%1$s, valid_from) where %1$s is not null do update set platform = excluded.platform,
                user_email = excluded.user_email, team = excluded.team, confidence = excluded.confidence, source = excluded.source,
                environment = excluded.environment, cost_center = excluded.cost_center, description = excluded.description,
                created_at = excluded.created_at
            """;

    private static final String SEATS =
            """
            insert into analytics.manual_cost_entry (month, platform, kind, amount_usd, entered_by, entered_at)
            values (?, ?, 'subscription', ?, ?, ?)
            on conflict (month, platform, kind) do nothing
            """;

    private static final String SEATS_REPLACE =
            """
            update analytics.manual_cost_entry set amount_usd = ?, entered_by = ?, entered_at = ?
            where month = ? and platform = ? and kind = 'subscription'
            """;

    private static final String SEATS_FIND =
            "select amount_usd from analytics.manual_cost_entry where month = ? and platform = ? and kind = 'subscription'";

    private static final String UNMAPPED =
            "select kind, id, name, first_date, last_date, amount_usd from analytics.provider_unmapped order by amount_usd desc, kind, id";

    /**
     * What people note of a key, for their own order.
     *
     * @param source where the mapping is kept: manual_entry, csv, google_sheets or sso_sync
     */
    public record KeyNotes(
            String source, Optional<String> environment, Optional<String> costCenter, Optional<String> description) {

        /** Where a mapping can come from. */
        static final List<String> SOURCES = List.of("manual_entry", "csv", "google_sheets", "sso_sync");

        static final KeyNotes BY_HAND =
                new KeyNotes("manual_entry", Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** Whom a key belongs to; what is empty is not said. */
    public record KeyMapping(
            String key,
            Optional<Tool> platform,
            Optional<String> email,
            Optional<String> team,
            BigDecimal confidence,
            LocalDate from,
            KeyNotes notes) {

        /** Without notes, entered by hand. */
        public KeyMapping(
                String key,
                Optional<Tool> platform,
                Optional<String> email,
                Optional<String> team,
                BigDecimal confidence,
                LocalDate from) {
            this(key, platform, email, team, confidence, from, KeyNotes.BY_HAND);
        }
    }

    /** A workspace or key that cost something and that nobody has mapped. */
    public record Unmapped(
            String kind, String id, Optional<String> name, LocalDate first, LocalDate last, BigDecimal amountUsd) {}

    private final DataSource dataSource;
    private final Clock clock;

    public ProviderMappings(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /**
     * Says what a workspace is used for from a day on.
     *
     * @return days that were derived anew
     */
    public int mapWorkspace(WorkspaceRef workspace, Tool platform, LocalDate from, String by) throws SQLException {
        if (platform == Tool.CURSOR) {
            throw new Failure.Invalid(
                    "--platform", "--platform: cursor (expected: claude_code, claude_api or claude_ai)");
        }
        int days = MappingChange.run(dataSource, by, connection -> {
            try (PreparedStatement end = connection.prepareStatement(WORKSPACE_END)) {
                end.setObject(1, from);
                end.setString(2, workspace.id());
                end.setString(3, workspace.organization());
                end.setObject(4, from);
                end.setObject(5, from);
                end.executeUpdate();
            }
            try (PreparedStatement begin = connection.prepareStatement(WORKSPACE_BEGIN)) {
                begin.setString(1, workspace.id());
                begin.setString(2, workspace.organization());
                begin.setString(3, platform.wireName());
                begin.setObject(4, from);
                begin.setString(5, workspace.id());
                begin.setString(6, workspace.organization());
                begin.setObject(7, from);
                begin.setString(8, "manual_entry");
                begin.setObject(9, DayImport.utc(clock.instant()));
                begin.executeUpdate();
            }
            return MappingChange.deriveSince(connection, from);
        });
        LOG.infof(
                "event=workspace_mapped actor=\"%s\" workspace=\"%s\" platform=%s from=%s days=%d",
                by, workspace, platform.wireName(), from, days);
        return days;
    }

    /** Says whom a key belongs to from a day on. @return days that were derived anew */
    public int mapKey(KeyMapping mapping, String by) throws SQLException {
        return mapKeys(List.of(mapping), by);
    }

    private int mapKeys(List<KeyMapping> mappings, String by) throws SQLException {
        int days = MappingChange.run(dataSource, by, connection -> {
            for (KeyMapping mapping : mappings) {
                store(connection, mapping);
            }
            return mappings.isEmpty()
                    ? 0
                    : MappingChange.deriveSince(
                            connection,
                            mappings.stream()
                                    .map(KeyMapping::from)
                                    .min(LocalDate::compareTo)
                                    .orElseThrow());
        });
        mappings.forEach(mapping -> LOG.infof(
                "event=key_mapped actor=\"%s\" key=\"%s\" platform=%s from=%s",
                by,
                mapping.key().replaceAll("[^ !#-~]", "?"),
                mapping.platform().map(Tool::wireName).orElse("-"),
                mapping.from()));
        return days;
    }

    private void store(Connection connection, KeyMapping mapping) throws SQLException {
        if (mapping.platform().filter(platform -> platform == Tool.CURSOR).isPresent()) {
            throw new Failure.Invalid(
                    "--platform", "--platform: cursor (expected: claude_code, claude_api or claude_ai)");
        }
        // Ids of keys begin so; everything else is a name.
        String column = mapping.key().startsWith("apikey_") ? "api_key_id" : "api_key_name";
        try (PreparedStatement end = connection.prepareStatement(KEY_END.formatted(column))) {
            end.setObject(1, mapping.from());
            end.setString(2, mapping.key());
            end.setObject(3, mapping.from());
            end.setObject(4, mapping.from());
            end.executeUpdate();
        }
        try (PreparedStatement begin = connection.prepareStatement(KEY_BEGIN.formatted(column))) {
            begin.setString(1, mapping.key());
            begin.setString(2, mapping.platform().map(Tool::wireName).orElse(null));
            begin.setString(3, mapping.email().orElse(null));
            begin.setString(4, mapping.team().orElse(null));
            begin.setBigDecimal(5, mapping.confidence());
            begin.setString(6, mapping.notes().source());
            begin.setString(7, mapping.notes().environment().orElse(null));
            begin.setString(8, mapping.notes().costCenter().orElse(null));
            begin.setString(9, mapping.notes().description().orElse(null));
            begin.setObject(10, mapping.from());
            begin.setString(11, mapping.key());
            begin.setObject(12, mapping.from());
            begin.setObject(13, DayImport.utc(clock.instant()));
            begin.executeUpdate();
        }
    }

    /**
     * Takes mappings of keys from a CSV file with the columns key (id or name), platform, email, team, from, and optionally
     * confidence, source, environment, cost_center, description; all or none.
     *
     * @return mappings taken
     * @throws Failure.Invalid with every faulty line; a key twice from the same day is one
     */
    public int importCsv(Path file, String by) throws SQLException {
        List<KeyMapping> mappings = KeyMappingCsv.read(file);
        mapKeys(mappings, by);
        return mappings.size();
    }

    /** An at sign, and a dot after it. */
    public static boolean isEmail(String text) {
        return text.matches("[^@\\s]+@[^@\\s]+\\.[^@\\s]+");
    }

    /**
     * Enters what the seats of a month cost; booked on its first day.
     *
     * @param replace change an amount that is there
     * @throws Failure.Conflict when there is another amount and it is not to be replaced
     */
    public void addSeats(YearMonth month, Tool platform, BigDecimal amountUsd, boolean replace, String by)
            throws SQLException {
        LocalDate day = month.atDay(1);
        MappingChange.run(dataSource, by, connection -> {
            int added;
            try (PreparedStatement insert = connection.prepareStatement(SEATS)) {
                insert.setObject(1, day);
                insert.setString(2, platform.wireName());
                insert.setBigDecimal(3, amountUsd);
                insert.setString(4, by);
                insert.setObject(5, DayImport.utc(clock.instant()));
                added = insert.executeUpdate();
            }
            if (added == 0) {
                BigDecimal before = seats(connection, day, platform);
                if (before.compareTo(amountUsd) != 0 && !replace) {
                    throw new Failure.Conflict("%s of %s: %s USD is entered already (expected: --replace to change it)"
                            .formatted(platform.wireName(), month, before.toPlainString()));
                }
                replace(connection, day, platform, amountUsd, by);
            }
            DayTables.derive(connection, new DayKey(Dataset.CLAUDE_AI_AUDIT, "", day));
            return 1;
        });
        LOG.infof(
                "event=seats_entered actor=\"%s\" month=%s platform=%s amountUsd=%s",
                by, month, platform.wireName(), amountUsd.toPlainString());
    }

    private static BigDecimal seats(Connection connection, LocalDate month, Tool platform) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(SEATS_FIND)) {
            select.setObject(1, month);
            select.setString(2, platform.wireName());
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getBigDecimal(1);
            }
        }
    }

    private void replace(Connection connection, LocalDate month, Tool platform, BigDecimal amountUsd, String by)
            throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(SEATS_REPLACE)) {
            update.setBigDecimal(1, amountUsd);
            update.setString(2, by);
            update.setObject(3, DayImport.utc(clock.instant()));
            update.setObject(4, month);
            update.setString(5, platform.wireName());
            update.executeUpdate();
        }
    }

    /** What is left to be mapped, the most expensive first. */
    public List<Unmapped> unmapped() throws SQLException {
        List<Unmapped> unmapped = new ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(UNMAPPED);
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                unmapped.add(new Unmapped(
                        rows.getString(1),
                        rows.getString(2),
                        Optional.ofNullable(rows.getString(3)),
                        rows.getObject(4, LocalDate.class),
                        rows.getObject(5, LocalDate.class),
                        rows.getBigDecimal(6)));
            }
        }
        return unmapped;
    }
}
