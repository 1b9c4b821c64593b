package io.inference.analytics.export;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** What organisations want otherwise than by default. */
@ApplicationScoped
public class OrgExportSettings {

    /**
     * The wishes of an organisation; empty means the default.
     *
     * @param monthly whether the monthly export is made
     * @param graceDays days after the end of the month until it is made
     * @param granularity of the monthly export
     * @param format of the monthly export
     * @param timeZone whose months the monthly export follows
     * @param retentionDays how long files are kept
     * @param bucket where files go
     */
    public record Wishes(
            Optional<Boolean> monthly,
            Optional<Integer> graceDays,
            Optional<ExportGranularity> granularity,
            Optional<ExportFormat> format,
            Optional<String> timeZone,
            Optional<Integer> retentionDays,
            Optional<String> bucket) {

        static final Wishes NONE = new Wishes(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static final String FIND =
            """
            select monthly, grace_days, granularity, format, time_zone, retention_days, bucket
            from analytics.export_settings where org_id = ?
            """;

    private static final String SET =
            """
            insert into analytics.export_settings
                (monthly, grace_days, granularity, format, time_zone, retention_days, bucket, updated_at, org_id)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (org_id) do update set
                monthly = excluded.monthly, grace_days = excluded.grace_days, granularity = excluded.granularity,
                format = excluded.format, time_zone = excluded.time_zone, retention_days = excluded.retention_days,
                bucket = excluded.bucket, updated_at = excluded.updated_at
            """;

    private final DataSource dataSource;
    private final Clock clock;

    OrgExportSettings(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /** The organisation's wishes; none where it never told any. */
    public Wishes of(UUID org) throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            return of(connection, org);
        }
    }

    Optional<String> bucket(Connection connection, UUID org) throws SQLException {
        return of(connection, org).bucket();
    }

    Wishes of(Connection connection, UUID org) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(FIND)) {
            select.setObject(1, org);
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    return Wishes.NONE;
                }
                return new Wishes(
                        Optional.ofNullable(row.getObject("monthly", Boolean.class)),
                        Optional.ofNullable(row.getObject("grace_days", Integer.class)),
                        Optional.ofNullable(row.getString("granularity")).map(ExportGranularity::of),
                        Optional.ofNullable(row.getString("format")).map(ExportFormat::of),
                        Optional.ofNullable(row.getString("time_zone")),
                        Optional.ofNullable(row.getObject("retention_days", Integer.class)),
                        Optional.ofNullable(row.getString("bucket")));
            }
        }
    }

    /** Replaces the organisation's wishes as a whole. */
    public void set(UUID org, Wishes wishes) throws SQLException {
        Object[] values = {
            wishes.monthly().orElse(null),
            wishes.graceDays().orElse(null),
            wishes.granularity().map(ExportGranularity::wireName).orElse(null),
            wishes.format().map(ExportFormat::wireName).orElse(null),
            wishes.timeZone().orElse(null),
            wishes.retentionDays().orElse(null),
            wishes.bucket().orElse(null),
            ExportJobStore.utc(clock.instant()),
            org
        };
        try (Connection connection = dataSource.getConnection();
                PreparedStatement upsert = connection.prepareStatement(SET)) {
            for (int i = 0; i < values.length; i++) {
                upsert.setObject(i + 1, values[i]);
            }
            upsert.executeUpdate();
        }
    }
}
