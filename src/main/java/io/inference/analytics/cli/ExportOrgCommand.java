package io.inference.analytics.cli;

import io.inference.analytics.export.ExportFormat;
import io.inference.analytics.export.ExportGranularity;
import io.inference.analytics.export.OrgExportSettings;
import io.inference.analytics.export.OrgExportSettings.Preferences;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Uuids;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code export org}. */
@Dependent
@Command(
        name = "org",
        description = {
            "Sets what an organisation wants otherwise than by default; what is not named goes back to the default.",
            "It holds for exports that are begun or that end later."
        })
class ExportOrgCommand implements ServiceCommand {

    private static final int GRACE_DAYS_MAX = 27;
    private static final int RETENTION_DAYS_MAX = 3_650;
    private static final int SECONDS_OF_AN_HOUR = 3_600;

    /** The year 2020: offsets of today's rules, not those of local mean times. */
    private static final long MODERN_SECONDS = 1_577_836_800;

    @Option(names = "--id", required = true, paramLabel = "UUID", description = "The organisation.")
    String id;

    @Option(
            names = "--monthly",
            paramLabel = "true|false",
            arity = "1",
            description = "Whether the monthly export is made.")
    Boolean monthly;

    @Option(names = "--grace-days", paramLabel = "N", description = "Days after the month until it is made, 0 to 27.")
    Integer graceDays;

    @Option(
            names = "--granularity",
            paramLabel = "WORD",
            description = "Of the monthly export: HOURLY, DAILY or MONTHLY.")
    ExportGranularity granularity;

    @Option(names = "--format", paramLabel = "WORD", description = "Of the monthly export: CSV or FOCUS.")
    ExportFormat format;

    @Option(names = "--time-zone", paramLabel = "ZONE", description = "Whose months it follows, such as Europe/Berlin.")
    String timeZone;

    @Option(names = "--retention-days", paramLabel = "N", description = "Days that files are kept, 1 to 3650.")
    Integer retentionDays;

    @Option(names = "--bucket", paramLabel = "NAME", description = "The bucket of its files.")
    String bucket;

    @Inject
    OrgExportSettings settings;

    @Override
    public void validate() {
        id();
        between("--grace-days", graceDays, 0, GRACE_DAYS_MAX);
        between("--retention-days", retentionDays, 1, RETENTION_DAYS_MAX);
        if (timeZone != null && !onWholeHours(timeZone)) {
            throw new Failure.Invalid(
                    "--time-zone",
                    "--time-zone: %s (expected: an IANA name such as Europe/Berlin, of a zone whose offset is whole hours)"
                            .formatted(timeZone));
        }
        if (bucket != null && !bucket.matches("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")) {
            throw new Failure.Invalid("--bucket", "--bucket: %s (expected: a name of a bucket)".formatted(bucket));
        }
    }

    /** Usage is kept by UTC hour, so a month has to begin with one. */
    private static boolean onWholeHours(String zone) {
        return ZoneId.getAvailableZoneIds().contains(zone)
                && ZoneId.of(zone)
                                        .getRules()
                                        .getStandardOffset(Instant.EPOCH.plusSeconds(MODERN_SECONDS))
                                        .getTotalSeconds()
                                % SECONDS_OF_AN_HOUR
                        == 0;
    }

    private static void between(String option, Integer value, int low, int high) {
        if (value != null && (value < low || value > high)) {
            throw new Failure.Invalid(option, "%s: %d (expected: %d to %d)".formatted(option, value, low, high));
        }
    }

    private UUID id() {
        return Uuids.parse(id)
                .orElseThrow(() -> new Failure.Invalid("--id", "--id: %s (expected: a UUID)".formatted(id)));
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) {
        Preferences preferences = new Preferences(
                Optional.ofNullable(monthly),
                Optional.ofNullable(graceDays),
                Optional.ofNullable(granularity),
                Optional.ofNullable(format),
                Optional.ofNullable(timeZone),
                Optional.ofNullable(retentionDays),
                Optional.ofNullable(bucket));
        settings.set(id(), preferences);
        out.printf("org %s: %s%n", id(), preferences);
        return 0;
    }
}
