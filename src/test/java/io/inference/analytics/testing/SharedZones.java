package io.inference.analytics.testing;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Set;
import java.util.TreeSet;
import javax.sql.DataSource;

/** Zones that Java and PostgreSQL know by the same rules, so that the calendar of one can check that of the other. */
public final class SharedZones {

    /** Days of these begin within UTC hours, always or in a part of the year. */
    public static final Set<String> WITHIN_HOURS = Set.of(
            "Asia/Kolkata",
            "Asia/Kathmandu",
            "America/St_Johns",
            "Australia/Adelaide",
            "Australia/Lord_Howe",
            "Pacific/Chatham",
            "Australia/Eucla");

    private static final String LOCAL_TIMES =
            """
            select name, time, extract(epoch from (time at time zone name) - (time at time zone 'UTC'))::int as seconds
            from pg_timezone_names cross join generate_series(?::timestamptz, ?::timestamptz, interval '1 day') as time
            """;

    private SharedZones() {}

    /** By name; the releases of the two may differ in a few. */
    public static TreeSet<String> of(DataSource database, Instant start, Instant end) throws SQLException {
        Set<String> known = ZoneId.getAvailableZoneIds();
        TreeSet<String> shared = new TreeSet<>();
        TreeSet<String> different = new TreeSet<>();
        try (Connection connection = database.getConnection();
                PreparedStatement select = connection.prepareStatement(LOCAL_TIMES)) {
            select.setObject(1, start.atOffset(ZoneOffset.UTC));
            select.setObject(2, end.atOffset(ZoneOffset.UTC));
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    String name = rows.getString("name");
                    if (known.contains(name)) {
                        Instant time =
                                rows.getObject("time", OffsetDateTime.class).toInstant();
                        int seconds = ZoneId.of(name).getRules().getOffset(time).getTotalSeconds();
                        (seconds == rows.getInt("seconds") ? shared : different).add(name);
                    }
                }
            }
        }
        shared.removeAll(different);
        if (shared.size() < known.size() / 2 || !shared.containsAll(WITHIN_HOURS)) {
            throw new IllegalStateException("zones known by the same rules: %d (expected: most of %d, different: %s)"
                    .formatted(shared.size(), known.size(), different));
        }
        return shared;
    }
}
