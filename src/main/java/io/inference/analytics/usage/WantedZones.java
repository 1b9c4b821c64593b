package io.inference.analytics.usage;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.EndsBeforeStop;
import io.inference.analytics.series.SpanKind;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Keeps for the rollup worker which time zones days are worth building for: those of the questions of the last days.
 *
 * <p>Bound: {@link #ZONES_MAX} zones per organisation and kind, and {@link #NOTES_MAX} notes in memory. One more replaces the zone that
 * was asked for least recently, if that is a day ago. Offsets such as +05:17 are not noted: there are too many, and offices have a region.
 * A question only notes in memory; the notes are stored every second. When that fails, the next question notes again, and answers are
 * right all the same.
 */
@ApplicationScoped
public class WantedZones {

    private static final Logger LOG = Logger.getLogger(WantedZones.class);

    /** More than the offices of an organisation; each costs as many rows as the days of UTC. */
    private static final int ZONES_MAX = 10;

    private static final int NOTES_MAX = 10_000;

    /** The worker forgets a zone after days without a question, so hours make no difference. */
    private static final Duration REPEAT_AFTER = Duration.ofHours(6);

    private static final String WANT =
            """
            with others as (
                select zone, asked_at, count(*) over () as zones
                from analytics.wanted_zones
                where org_id = :org and kind = :kind and zone <> :zone
            ), replaced as (
                delete from analytics.wanted_zones
                where org_id = :org and kind = :kind
                  and not exists (select from analytics.wanted_zones where org_id = :org and kind = :kind and zone = :zone)
                  and zone = (select zone from others
                              where zones >= :zonesMax and asked_at < now() - interval '1 day'
                              order by asked_at
                              limit 1)
                returning zone
            )
            insert into analytics.wanted_zones as wanted (org_id, kind, zone, days_from, asked_at)
            select :org, :kind, :zone, :from, now()
            where exists (select from analytics.wanted_zones where org_id = :org and kind = :kind and zone = :zone)
               or (select count(*) from others) < :zonesMax
               or exists (select from replaced)
            on conflict (org_id, kind, zone) do update
                set days_from = least(wanted.days_from, excluded.days_from), asked_at = excluded.asked_at
            """;

    private static final Set<String> REGIONS = Set.copyOf(ZoneId.getAvailableZoneIds());

    private record Want(UUID org, SpanKind kind, String zone) {}

    private record Stored(Instant from, Instant at) {}

    private final Jdbi jdbi;
    private final Clock clock;
    private final Map<Want, Stored> stored = new ConcurrentHashMap<>();
    private final Map<Want, Instant> pending = new ConcurrentHashMap<>();

    WantedZones(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    void note(UUID org, SpanKind kind, ZoneId zone, Instant from) {
        if (!REGIONS.contains(zone.getId())) {
            return;
        }
        Want want = new Want(org, kind, zone.getId());
        Stored before = stored.get(want);
        boolean known = before != null
                && !from.isBefore(before.from())
                && clock.instant().isBefore(before.at().plus(REPEAT_AFTER));
        if (!known && pending.size() < NOTES_MAX) {
            pending.merge(want, from, (some, other) -> some.isBefore(other) ? some : other);
        }
    }

    @EndsBeforeStop
    @Scheduled(every = "1s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void store() {
        for (Want want : pending.keySet()) {
            Instant from = pending.remove(want);
            if (stored.size() >= NOTES_MAX) {
                stored.clear();
            }
            try {
                store(want, from);
                stored.put(want, new Stored(from, clock.instant()));
            } catch (JdbiException e) {
                // The rest would fail, too, and be asked for again.
                LOG.debugf("event=wanted_zones_lost sqlstate=%s", SqlState.of(e));
                pending.clear();
                return;
            }
        }
    }

    private void store(Want want, Instant from) {
        jdbi.useHandle(handle -> handle.createUpdate(WANT)
                .bind("org", want.org())
                .bind("kind", want.kind().wireName())
                .bind("zone", want.zone())
                .bind("from", from)
                .bind("zonesMax", ZONES_MAX)
                .execute());
    }
}
