package io.inference.analytics.rollup;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.Retention;
import io.inference.analytics.series.SpanKind;
import io.inference.analytics.series.TimeRange;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.SqlStatement;

/**
 * Builds the days of time zones that were asked for, once they are over, the latest first (ADR 27).
 *
 * <p>Bound: {@link #ROUND_MAX} per round and one span per transaction. A span whose raw events may be gone is not built. When a build
 * fails, answers come from the hours, and the span is tried again an hour later, behind the others. If it took too long, it is tried
 * again a day later, and the others of its organisation and kind an hour later: so an organisation holds up the outbox once an hour.
 */
final class LocalSpanBuilder {

    private static final Logger LOG = Logger.getLogger(LocalSpanBuilder.class);

    /** The batches of the outbox wait for the next round meanwhile. */
    private static final Duration ROUND_MAX = Duration.ofSeconds(1);

    private static final int STEP_MAX = 100;

    private static final Duration FORGET_EVERY = Duration.ofHours(1);

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

    /**
     * The batches of the outbox, and the ingest lane where a repair waits for the span in it, wait for a build. With flavour citus the
     * batches of the span's organisation wait as well, and the limits have to hold on its worker.
     */
    private static final String LIMITS =
            "set transaction isolation level read committed; set local citus.propagate_set_commands = 'local'; "
                    + "set local lock_timeout = '2s'; set local statement_timeout = '10s'";

    private static final String BUILD = "select analytics.build_local_span(:org, :kind, :start, :end) as built";

    private static final String LATER =
            """
            update analytics.local_spans set built_at = now() + interval '1 hour'
            where org_id = :org and kind = :kind and span_start = :start and span_end = :end and not built
            """;

    /** The span that took too long is tried again a day later, so that the next one has its turn in an hour. */
    private static final String ALL_LATER =
            """
            update analytics.local_spans
            set built_at = now() + case when span_start = :start and span_end = :end then interval '1 day' else interval '1 hour' end
            where org_id = :org and kind = :kind and not built
            """;

    private static final String CLOCK = "select clock_timestamp()";

    /** In steps, as late events of these spans wait for the end of one. */
    private static final String UNBUILD_SOME =
            """
            update analytics.local_spans as span set built = false
            from (select org_id, kind, span_start, span_end from analytics.local_spans
                  where built and built_at < :before
                  limit 1000
                  for update skip locked) as found
            where (span.org_id, span.span_start, span.span_end, span.kind)
                  = (found.org_id, found.span_start, found.span_end, found.kind)
            """;

    /** What was locked may have stayed as it was. */
    private static final String BUILT_BEFORE =
            "select exists (select from analytics.local_spans where built and built_at < :before)";

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

    private final Deque<UUID> toForget = new ArrayDeque<>();
    private Instant forgotAt = Instant.EPOCH;
    private Optional<Instant> firstRound = Optional.empty();
    private boolean unbuilt;

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
        AtomicInteger built = new AtomicInteger();
        attempt(handle, () -> {
            create(handle, now);
            handle.execute(MAKE_KNOWN);
            built.set(build(handle, now));
        });
        return built.get();
    }

    /** The rest of the rollups' work goes on. */
    private static void attempt(Handle handle, Runnable work) {
        try {
            work.run();
        } catch (JdbiException e) {
            if (!RollupLock.isOpen(handle)) {
                throw e;
            }
            LOG.warnf("event=local_days_failed sqlstate=%s cause=%s", SqlState.of(e), e.getMessage());
        }
    }

    private void create(Handle handle, Instant now) {
        long deadline = System.nanoTime() + ROUND_MAX.toNanos();
        List<Want> wants = wants(handle);
        createdUntil.keySet().retainAll(Set.copyOf(wants));
        for (Want want : wants) {
            if (System.nanoTime() > deadline) {
                return;
            }
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
            try {
                built += build(handle, span) ? 1 : 0;
            } catch (JdbiException e) {
                boolean slow = SqlState.is(e, SqlState.QUERY_CANCELED);
                putOff(handle, span, e, slow ? ALL_LATER : LATER);
                if (slow) {
                    break;
                }
            }
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
            return bind(transaction.createQuery(BUILD), span)
                    .mapTo(Boolean.class)
                    .one();
        });
    }

    private static void putOff(Handle handle, Span span, JdbiException e, String how) {
        if (!RollupLock.isOpen(handle)) {
            throw e;
        }
        LOG.warnf(
                "event=local_day_failed org_id=%s start=%s sqlstate=%s cause=%s",
                span.org(), span.range().start(), SqlState.of(e), e.getMessage());
        change(handle, span, List.of(how));
    }

    /**
     * Before this process's first round a replica of the version before may have been at work. At most {@link #ROUND_MAX} per call, the
     * rest by the next ones. Under the lock of the rollups.
     */
    void unbuildOnce(Handle handle) {
        if (!unbuilt) {
            attempt(handle, () -> unbuildSome(handle));
        }
    }

    private void unbuildSome(Handle handle) {
        Instant before = firstRound.orElseGet(
                () -> handle.createQuery(CLOCK).mapTo(Instant.class).one());
        firstRound = Optional.of(before);
        long deadline = System.nanoTime() + ROUND_MAX.toNanos();
        int changed;
        do {
            changed = handle.createUpdate(UNBUILD_SOME).bind("before", before).execute();
        } while (changed > 0 && System.nanoTime() < deadline);
        unbuilt = !handle.createQuery(BUILT_BEFORE)
                .bind("before", before)
                .mapTo(Boolean.class)
                .one();
    }

    /**
     * Once an hour, drops spans that retention has reached or that only zones have that were not asked for in the last days. What does
     * not fit into {@link #ROUND_MAX} is left to the next call, and what fails to the next hour. Under the lock of the rollups, so that
     * none is created meanwhile.
     */
    void forget(Handle handle, Instant now) {
        attempt(handle, () -> forgetSome(handle, now));
    }

    private void forgetSome(Handle handle, Instant now) {
        if (toForget.isEmpty() && !now.isBefore(forgotAt.plus(FORGET_EVERY))) {
            forgotAt = now;
            handle.execute(FORGET_ZONES);
            toForget.addAll(handle.createQuery(ORGS).mapTo(UUID.class).list());
            // A zone that is asked for again has its spans created again, whichever replica dropped them.
            createdUntil.clear();
        }
        if (toForget.isEmpty()) {
            return;
        }
        long deadline = System.nanoTime() + ROUND_MAX.toNanos();
        Map<UUID, List<Want>> wants = wants(handle).stream().collect(Collectors.groupingBy(Want::org));
        while (!toForget.isEmpty() && System.nanoTime() < deadline) {
            UUID org = toForget.remove();
            if (!forget(handle, org, wants.getOrDefault(org, List.of()), now, deadline)) {
                toForget.addFirst(org);
            }
        }
    }

    /** Returns whether nothing is left to drop. */
    private boolean forget(Handle handle, UUID org, List<Want> wants, Instant now, long deadline) {
        Set<Span> kept = new HashSet<>();
        for (Want want : wants) {
            spans(want, now).forEach(span -> kept.add(new Span(org, want.kind(), span)));
        }
        List<Span> dropped = handle.createQuery(OF_ORG).bind("org", org).map(LocalSpanBuilder::span).list().stream()
                .filter(span -> !kept.contains(span))
                .toList();
        for (Span span : dropped) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            change(handle, span, List.of(FORGET, CLEAR));
        }
        return true;
    }

    private static void change(Handle handle, Span span, List<String> statements) {
        handle.useTransaction(transaction -> {
            transaction.execute(LIMITS);
            statements.forEach(sql -> bind(transaction.createUpdate(sql), span).execute());
        });
    }

    private static <T extends SqlStatement<T>> T bind(T statement, Span span) {
        return statement
                .bind("org", span.org())
                .bind("kind", span.kind().wireName())
                .bind("start", span.range().start())
                .bind("end", span.range().end());
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
