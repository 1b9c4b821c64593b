package io.inference.analytics.usage;

import io.inference.analytics.series.Granularity;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.series.SpanKind;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/**
 * Which days of a time zone are built, so that a question need not add up their hours (ADR 27). Asking makes the rollup worker build
 * those that are not.
 *
 * <p>Guarantee: what is named as built holds the same figures as the rollups of the snapshot in which the question is answered.
 */
@ApplicationScoped
public class BuiltSpans {

    private static final String BUILT =
            """
            select span_start, span_end
            from unnest(:starts::timestamptz[], :ends::timestamptz[]) as asked (low, high)
            join analytics.local_spans on org_id = :org and kind = :kind and span_start = low and span_end = high
            where built
            order by span_start
            """;

    /** Both statements of a question need one snapshot. */
    private static final String ONE_SNAPSHOT = "set transaction isolation level repeatable read";

    /**
     * A longer bucket consists of whole UTC days but for its ends, and those come from hours: of 100 days, one in 100.
     */
    private static final int WHOLE_RANGE_DAYS_MAX = 100;

    private final WantedZones wanted;

    BuiltSpans(WantedZones wanted) {
        this.wanted = wanted;
    }

    /**
     * Spans that a question could use.
     *
     * @param wantedFrom since when spans of the zone shall be built for questions like this; empty when they are used only where
     *     they exist
     */
    public record Asked(UUID org, SpanKind kind, ZoneId zone, List<TimeRange> spans, Optional<Instant> wantedFrom) {

        public Asked {
            spans = List.copyOf(spans);
        }
    }

    /** Reads the answer to a question. */
    @FunctionalInterface
    public interface Answer<T, X extends Exception> {
        T with(List<TimeRange> built) throws X;
    }

    /** The days that a question about usage could use: none where its buckets are hours, which are those of UTC everywhere. */
    static Optional<Asked> asked(UUID org, boolean byUser, SeriesScope scope, Stream<TimeRange> ranges) {
        if (scope.granularity() == Granularity.HOUR) {
            return Optional.empty();
        }
        SpanKind kind = byUser ? SpanKind.USERS : SpanKind.USAGE;
        List<TimeRange> days = ranges.flatMap(range -> kind.within(scope.zone(), range).stream())
                .sorted(Comparator.comparing(TimeRange::start))
                .toList();
        boolean byDay = scope.granularity() == Granularity.DAY || scope.granularity() == Granularity.WEEK;
        return Optional.of(new Asked(
                org,
                kind,
                scope.zone(),
                days,
                days.stream()
                        .map(TimeRange::start)
                        .filter(start -> byDay || days.size() <= WHOLE_RANGE_DAYS_MAX)
                        .findFirst()));
    }

    /**
     * Answers a question with those of the spans that are built, in order.
     *
     * @param answer reads by the same handle
     */
    public <T, X extends Exception> T read(Handle handle, Optional<Asked> question, Answer<T, X> answer) throws X {
        Optional<Asked> asked = question.filter(some -> !some.spans().isEmpty());
        asked.ifPresent(
                some -> some.wantedFrom().ifPresent(from -> wanted.note(some.org(), some.kind(), some.zone(), from)));
        if (asked.isEmpty()) {
            return answer.with(List.of());
        }
        if (handle.isInTransaction()) {
            return answer.with(isOneSnapshot(handle) ? built(handle, asked.get()) : List.of());
        }
        return handle.inTransaction(transaction -> {
            transaction.execute(ONE_SNAPSHOT);
            return answer.with(built(transaction, asked.get()));
        });
    }

    private static boolean isOneSnapshot(Handle handle) {
        TransactionIsolationLevel level = handle.getTransactionIsolationLevel();
        return level == TransactionIsolationLevel.REPEATABLE_READ || level == TransactionIsolationLevel.SERIALIZABLE;
    }

    private static List<TimeRange> built(Handle handle, Asked asked) {
        List<TimeRange> spans = asked.spans();
        return handle.createQuery(BUILT)
                .bind("org", asked.org())
                .bind("kind", asked.kind().wireName())
                .bindArray(
                        "starts",
                        Instant.class,
                        spans.stream().map(TimeRange::start).toList())
                .bindArray(
                        "ends",
                        Instant.class,
                        spans.stream().map(TimeRange::end).toList())
                .map(row -> new TimeRange(
                        row.getColumn("span_start", Instant.class), row.getColumn("span_end", Instant.class)))
                .list();
    }
}
