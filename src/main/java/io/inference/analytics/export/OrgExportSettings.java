package io.inference.analytics.export;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
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

        private static final int GRACE_DAYS_MAX = 27;
        private static final int RETENTION_DAYS_MAX = 3_650;

        /**
         * These preferences, if exports can follow them.
         *
         * @throws Failure.Invalid with every fault
         */
        public Preferences checked() {
            List<FieldError> faults = new ArrayList<>();
            between("graceDays", graceDays, 0, GRACE_DAYS_MAX, faults);
            between("retentionDays", retentionDays, 1, RETENTION_DAYS_MAX, faults);
            timeZone.filter(zone -> !ZoneId.getAvailableZoneIds().contains(zone))
                    .ifPresent(zone -> faults.add(new FieldError(
                            "timeZone",
                            "timeZone: %s (expected: an IANA name such as Europe/Berlin)".formatted(zone))));
            bucket.filter(name -> !name.matches("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"))
                    .ifPresent(name -> faults.add(
                            new FieldError("bucket", "bucket: %s (expected: the name of a bucket)".formatted(name))));
            if (!faults.isEmpty()) {
                throw new Failure.Invalid(faults);
            }
            return this;
        }

        private static void between(String field, Optional<Integer> value, int low, int high, List<FieldError> faults) {
            value.filter(number -> number < low || number > high)
                    .ifPresent(number -> faults.add(
                            new FieldError(field, "%s: %d (expected: %d to %d)".formatted(field, number, low, high))));
        }
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

    /**
     * Replaces all preferences of the organisation.
     *
     * @throws Failure.Invalid when exports cannot follow them
     */
    public void set(UUID org, Preferences preferences) {
        preferences.checked();
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

    private static final String SET_MONTHLY =
            """
            insert into analytics.export_settings (org_id, monthly, grace_days, granularity, format, time_zone, updated_at)
            values (:org, :monthly, :graceDays, :granularity, :format, :timeZone, :now)
            on conflict (org_id) do update set
                monthly = excluded.monthly, grace_days = excluded.grace_days, granularity = excluded.granularity,
                format = excluded.format, time_zone = excluded.time_zone, updated_at = excluded.updated_at
            """;

    /** Replaces what concerns the monthly file only: where files go and how long they are kept stays. */
    void setMonthly(Handle handle, UUID org, Preferences preferences) {
        handle.createUpdate(SET_MONTHLY)
                .bind("org", org)
                .bind("monthly", preferences.monthly())
                .bind("graceDays", preferences.graceDays())
                .bind("granularity", preferences.granularity())
                .bind("format", preferences.format())
                .bind("timeZone", preferences.timeZone())
                .bind("now", clock.instant())
                .execute();
    }
}
