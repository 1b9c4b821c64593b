package io.inference.analytics.rollup;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.Retention;
import io.inference.analytics.series.SpanKind;
import io.inference.analytics.series.TimeRange;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.result.RowView;

/**
 * Builds the days of time zones that were asked for, once they are over, the latest first (ADR 27).
 *
 * <p>Bound: {@link #ROUND_MAX} per round and one span per transaction. A span whose raw events may be gone is not built. When a build
 * fails the span stays as it is, and answers come from the hours.
 */
final class LocalSpanBuilder {

    private static final Logger LOG = Logger.getLogger(LocalSpanBuilder.class);

    /** The batches of the outbox wait for the next round meanwhile. */
    private static final Duration ROUND_MAX = Duration.ofSeconds(1);

    private static final int STEP_MAX = 100;

    /** No day is shorter. */
    private static final Duration DAY_MIN = Duration.ofHours(22);

    private static final String WANTS = "select org_id, kind, zone, days_from from analytics.wanted_zones";

    private static final String CREATE =
            """
            insert into analytics.local_spans (org_id, kind, span_start, span_end)
            select :org, :kind, low, high from unnest(:starts::timestamptz[], :ends::timestamptz[]) as span (low, high)
            on conflict do nothing
            """;

    /** Behind a restore, the numbers of the database that was saved may be higher than any of this one. */
    private static final String MAKE_KNOWN =
            """
            update analytics.local_spans as span set known_since = pg_current_xact_id()
            from (select org_id, kind, span_start, span_end from analytics.local_spans
                  where not built and (known_since is null or known_since > pg_current_xact_id())
                  for update skip locked) as fresh
            where (span.org_id, span.span_start, span.span_end, span.kind)
                  = (fresh.org_id, fresh.span_start, fresh.span_end, fresh.kind)
            """;

    /**
     * By the database's clock, as the triggers go by that. A span that late events keep changing is built once a minute at most.
     */
    private static final String DUE =
            """
            select org_id, kind, span_start, span_end
            from analytics.local_spans
            where not built and known_since < pg_snapshot_xmin(pg_current_snapshot())
              and span_end <= now() - interval '2 hours' and (built_at is null or built_at < now() - interval '1 minute')
              and span_start >= :rollupsFrom
              and (span_start >= :rawFrom or (kind <> 'histograms' and span_start = date_trunc('hour', span_start, 'UTC')
                                              and span_end = date_trunc('hour', span_end, 'UTC')))
            order by span_end desc, span_start
            limit :limit
            """;

    private static final String LIMITS =
            "set transaction isolation level read committed; set local lock_timeout = '2s'";

    private static final String BUILD = "select analytics.build_local_span(:org, :kind, :start, :end) as built";

    private static final String FORGET_ZONES =
            "delete from analytics.wanted_zones where asked_at < now() - interval '14 days'";

    private static final String ORGS = "select distinct org_id from analytics.local_spans order by org_id";

    private static final String OF_ORG =
            "select org_id, kind, span_start, span_end from analytics.local_spans where org_id = :org";

    private static final String FORGET =
            """
            delete from analytics.local_spans
            where org_id = :org and kind = :kind and span_start = :start and span_end = :end
            """;

    private static final String CLEAR = "select analytics.clear_local_span(:org, :kind, :start, :end)";

    private record Want(UUID org, SpanKind kind, ZoneId zone, Instant from) {}

    private record Span(UUID org, SpanKind kind, TimeRange range) {}

    private final Retention retention;

    /** What this process has created spans of, and until when. A release of Java may know other rules, so it begins from the start. */
    private final Map<Want, Instant> createdUntil = new HashMap<>();

    LocalSpanBuilder(Retention retention) {
        this.retention = retention;
    }

    /**
     * One round, under the lock of the rollups. Never fails because of the database while the connection lives.
     *
     * @param handle not in a transaction
     * @return spans that were built
     */
    int round(Handle handle, Instant now) {
        try {
            create(handle, now);
            handle.execute(MAKE_KNOWN);
            return build(handle, now);
        } catch (JdbiException e) {
            if (!RollupLock.isOpen(handle)) {
                throw e;
            }
            LOG.warnf("event=local_days_failed sqlstate=%s cause=%s", SqlState.of(e), e.getMessage());
            return 0;
        }
    }

    private void create(Handle handle, Instant now) {
        List<Want> wants = wants(handle);
        createdUntil.keySet().retainAll(Set.copyOf(wants));
        for (Want want : wants) {
            Instant until = createdUntil.getOrDefault(want, Instant.EPOCH);
            if (now.isBefore(until.plus(DAY_MIN))) {
                continue;
            }
            List<TimeRange> spans = spans(want, now).stream()
                    .filter(span -> span.end().isAfter(until))
                    .toList();
            if (!spans.isEmpty()) {
                handle.createUpdate(CREATE)
                        .bind("org", want.org())
                        .bind("kind", want.kind().wireName())
                        .bindArray(
                                "starts",
                                Instant.class,
                                spans.stream().map(TimeRange::start).toList())
                        .bindArray(
                                "ends",
                                Instant.class,
                                spans.stream().map(TimeRange::end).toList())
                        .execute();
                createdUntil.put(want, spans.get(spans.size() - 1).end());
            }
        }
    }

    /** Those that are over. */
    private List<TimeRange> spans(Want want, Instant now) {
        Instant kept = Retention.availableFrom(now, retention.rollups());
        Instant from = want.from().isAfter(kept) ? want.from() : kept;
        return from.isBefore(now) ? want.kind().within(want.zone(), new TimeRange(from, now)) : List.of();
    }

    private int build(Handle handle, Instant now) {
        long deadline = System.nanoTime() + ROUND_MAX.toNanos();
        int built = 0;
        for (Span span : due(handle, now)) {
            if (System.nanoTime() > deadline) {
                break;
            }
            built += build(handle, span) ? 1 : 0;
        }
        if (built > 0) {
            LOG.debugf("event=local_days_built spans=%d", built);
        }
        return built;
    }

    private List<Span> due(Handle handle, Instant now) {
        return handle.createQuery(DUE)
                .bind("rollupsFrom", Retention.availableFrom(now, retention.rollups()))
                .bind("rawFrom", Retention.availableFrom(now, retention.raw()))
                .bind("limit", STEP_MAX)
                .map(LocalSpanBuilder::span)
                .list();
    }

    private static boolean build(Handle handle, Span span) {
        return handle.inTransaction(transaction -> {
            transaction.execute(LIMITS);
            return transaction
                    .createQuery(BUILD)
                    .bind("org", span.org())
                    .bind("kind", span.kind().wireName())
                    .bind("start", span.range().start())
                    .bind("end", span.range().end())
                    .mapTo(Boolean.class)
                    .one();
        });
    }

    /** Drops spans that retention has reached or that only zones have that were not asked for in the last days. */
    void forget(Handle handle, Instant now) {
        handle.execute(FORGET_ZONES);
        Map<UUID, List<Want>> wants = wants(handle).stream().collect(Collectors.groupingBy(Want::org));
        for (UUID org : handle.createQuery(ORGS).mapTo(UUID.class).list()) {
            Set<Span> kept = new HashSet<>();
            for (Want want : wants.getOrDefault(org, List.of())) {
                spans(want, now).forEach(span -> kept.add(new Span(org, want.kind(), span)));
            }
            handle.createQuery(OF_ORG).bind("org", org).map(LocalSpanBuilder::span).list().stream()
                    .filter(span -> !kept.contains(span))
                    .forEach(span -> forget(handle, span));
        }
    }

    private static void forget(Handle handle, Span span) {
        handle.useTransaction(transaction -> {
            for (String sql : List.of(FORGET, CLEAR)) {
                transaction
                        .createUpdate(sql)
                        .bind("org", span.org())
                        .bind("kind", span.kind().wireName())
                        .bind("start", span.range().start())
                        .bind("end", span.range().end())
                        .execute();
            }
        });
    }

    private static List<Want> wants(Handle handle) {
        return handle.createQuery(WANTS).map(LocalSpanBuilder::want).list().stream()
                .flatMap(Optional::stream)
                .toList();
    }

    /** Empty where a replica with other rules asked for a zone that this one does not know. */
    private static Optional<Want> want(RowView row) {
        try {
            return Optional.of(new Want(
                    row.getColumn("org_id", UUID.class),
                    kind(row),
                    ZoneId.of(row.getColumn("zone", String.class)),
                    row.getColumn("days_from", Instant.class)));
        } catch (DateTimeException e) {
            LOG.debugf("event=local_days_zone_unknown cause=%s", e.getMessage());
            return Optional.empty();
        }
    }

    private static Span span(RowView row) {
        return new Span(
                row.getColumn("org_id", UUID.class),
                kind(row),
                new TimeRange(row.getColumn("span_start", Instant.class), row.getColumn("span_end", Instant.class)));
    }

    private static SpanKind kind(RowView row) {
        return SpanKind.valueOf(row.getColumn("kind", String.class).toUpperCase(Locale.ROOT));
    }
}
