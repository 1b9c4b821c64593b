package io.inference.analytics.export;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.result.RowView;

/** Where organisations differ from the defaults of exports. */
@ApplicationScoped
public class OrgExportSettings {

    /**
     * The preferences of an organisation; empty means the default.
     *
     * @param monthly whether the monthly export is made
     * @param graceDays days after the end of the month until the export is made
     * @param granularity of the monthly export
     * @param format of the monthly export
     * @param timeZone whose months the monthly export follows
     * @param retentionDays how long files are kept
     * @param bucket bucket of the files
     */
    public record Preferences(
            Optional<Boolean> monthly,
            Optional<Integer> graceDays,
            Optional<ExportGranularity> granularity,
            Optional<ExportFormat> format,
            Optional<String> timeZone,
            Optional<Integer> retentionDays,
            Optional<String> bucket) {

        static final Preferences NONE = new Preferences(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private final Jdbi jdbi;
    private final Clock clock;

    OrgExportSettings(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    private static final String FIND =
            """
            select monthly, grace_days, granularity, format, time_zone, retention_days, bucket
            from analytics.export_settings where org_id = :org
            """;

    /** The organisation's preferences; all empty when it has none. */
    public Preferences of(UUID org) {
        return jdbi.withHandle(handle -> of(handle, org));
    }

    Preferences of(Handle handle, UUID org) {
        return handle.createQuery(FIND)
                .bind("org", org)
                .map(OrgExportSettings::preferences)
                .findOne()
                .orElse(Preferences.NONE);
    }

    private static Preferences preferences(RowView row) {
        return new Preferences(
                optional(row, "monthly", Boolean.class),
                optional(row, "grace_days", Integer.class),
                optional(row, "granularity", String.class).map(ExportGranularity::of),
                optional(row, "format", String.class).map(ExportFormat::of),
                optional(row, "time_zone", String.class),
                optional(row, "retention_days", Integer.class),
                optional(row, "bucket", String.class));
    }

    private static <T> Optional<T> optional(RowView row, String column, Class<T> type) {
        return Optional.ofNullable(row.getColumn(column, type));
    }

    private static final String SET =
            """
            insert into analytics.export_settings
                (org_id, monthly, grace_days, granularity, format, time_zone, retention_days, bucket, updated_at)
            values (:org, :monthly, :graceDays, :granularity, :format, :timeZone, :retentionDays, :bucket, :now)
            on conflict (org_id) do update set
                monthly = excluded.monthly, grace_days = excluded.grace_days, granularity = excluded.granularity,
                format = excluded.format, time_zone = excluded.time_zone, retention_days = excluded.retention_days,
                bucket = excluded.bucket, updated_at = excluded.updated_at
            """;

    /** Replaces all preferences of the organisation. */
    public void set(UUID org, Preferences preferences) {
        jdbi.useHandle(handle -> handle.createUpdate(SET)
                .bind("org", org)
                .bind("monthly", preferences.monthly())
                .bind("graceDays", preferences.graceDays())
                .bind("granularity", preferences.granularity())
                .bind("format", preferences.format())
                .bind("timeZone", preferences.timeZone())
                .bind("retentionDays", preferences.retentionDays())
                .bind("bucket", preferences.bucket())
                .bind("now", clock.instant())
                .execute());
    }
}
