package io.inference.analytics.usage;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.series.SpanKind;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;

/** The places of an organisation go to zones that are in use. */
@QuarkusTest
@WithBackends
class WantedZonesIT {

    private static final List<String> ZONES = List.of(
            "Africa/Cairo",
            "America/Lima",
            "America/New_York",
            "Asia/Kolkata",
            "Asia/Tokyo",
            "Australia/Sydney",
            "Europe/Berlin",
            "Europe/London",
            "Pacific/Auckland",
            "Pacific/Honolulu");

    @Inject
    WantedZones wanted;

    @Inject
    Jdbi jdbi;

    private final UUID org = UUID.randomUUID();

    private void ask(String zone) {
        wanted.note(org, SpanKind.USAGE, ZoneId.of(zone), Instant.parse("2026-03-01T00:00:00Z"));
        wanted.store();
    }

    private List<String> zones() {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select zone from analytics.wanted_zones where org_id = :org order by zone")
                .bind("org", org)
                .mapTo(String.class)
                .list());
    }

    @Test
    void anOffsetTakesNoPlace() {
        for (String zone : List.of("+05:17", "Z", "UTC+03:00", "GMT-1", "Asia/Kolkata")) {
            ask(zone);
        }
        assertThat(zones()).containsExactly("Asia/Kolkata");
    }

    @Test
    void oneMoreReplacesTheZoneThatWasAskedForLeastRecently() {
        ZONES.forEach(this::ask);
        ask("Asia/Dubai");
        assertThat(zones()).as("all were asked for today").isEqualTo(ZONES);
        jdbi.useHandle(handle -> handle.createUpdate(
                        """
                        update analytics.wanted_zones set asked_at = now() - interval '2 days'
                            - case zone when 'Asia/Tokyo' then interval '1 hour' else interval '0 hours' end
                        where org_id = :org and zone in ('Asia/Tokyo', 'Europe/London')
                        """)
                .bind("org", org)
                .execute());
        ask("Asia/Karachi");
        assertThat(zones())
                .hasSize(10)
                .contains("Asia/Karachi", "Europe/London")
                .doesNotContain("Asia/Tokyo");
    }
}
