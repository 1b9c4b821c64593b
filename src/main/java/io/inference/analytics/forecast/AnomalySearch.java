package io.inference.analytics.forecast;

import io.inference.analytics.forecast.Anomalies.Anomaly;
import io.inference.analytics.forecast.Anomalies.By;
import io.inference.analytics.forecast.Anomalies.Contributor;
import io.inference.analytics.forecast.Anomalies.Judged;
import io.inference.analytics.forecast.AnomalyRule.Departure;
import io.inference.analytics.forecast.AnomalyStore.Costs;
import io.inference.analytics.series.Cost;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.usage.Costliest.Part;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Finds unusual buckets.
 *
 * <p>A bucket that is still running can only be too high. One with usage that has no price cannot
 * be called too low. One that the range cuts is not looked at.
 */
final class AnomalySearch {

    private static final int CONTRIBUTORS_MAX = 3;

    private final SeriesScope scope;
    private final AnomalyRule rule;
    private final LocalDateTime since;

    private AnomalySearch(SeriesScope scope, AnomalyRule rule, LocalDateTime since) {
        this.scope = scope;
        this.rule = rule;
        this.since = since;
    }

    /** How far an anomaly departs. */
    private record Ranked(Anomaly anomaly, BigDecimal size) {}

    /** All anomalies of the organisation and its parts. */
    static AnomalyVerdict find(SeriesScope scope, AnomalyRule rule, Costs costs) {
        return costs.org()
                .first()
                .map(since -> new AnomalySearch(scope, rule, since).find(costs))
                .orElseGet(() -> new AnomalyVerdict(
                        List.of(),
                        Judged.NONE,
                        Optional.empty(),
                        Optional.of(
                                "no usage in the range or in the %d weeks before it (expected: usage in at least %d)"
                                        .formatted(AnomalyRule.WEEKS_MAX, AnomalyRule.WEEKS_MIN))));
    }

    /** Those of the whole organisation only. */
    static AnomalyVerdict find(SeriesScope scope, AnomalyRule rule, CostsByWeek org) {
        return find(scope, rule, new Costs(org, Map.of(), Map.of(), Map.of()));
    }

    private AnomalyVerdict find(Costs costs) {
        List<Integer> whole = IntStream.range(0, scope.buckets().starts().size())
                .filter(this::isWhole)
                .boxed()
                .toList();
        List<Integer> judged = whole.stream()
                .filter(bucket -> AnomalyRule.canJudge(costs.org().before(CostsByWeek.local(scope, bucket), since)))
                .toList();
        List<Ranked> found = new ArrayList<>();
        judged.forEach(bucket -> look(bucket, costs, found));
        return new AnomalyVerdict(
                found.stream()
                        .sorted(Comparator.comparing(
                                        (Ranked ranked) -> ranked.anomaly().bucketStart())
                                .thenComparing(Ranked::size)
                                .reversed())
                        .map(Ranked::anomaly)
                        .toList(),
                judged.isEmpty() ? Judged.NONE : judged.size() < whole.size() ? Judged.PART : Judged.ALL,
                judged.stream().findFirst().map(scope.buckets().starts()::get),
                judged.isEmpty() || judged.size() < whole.size() ? Optional.of(reason(whole)) : Optional.empty());
    }

    private String reason(List<Integer> whole) {
        String unit = scope.granularity().wireName();
        return whole.isEmpty()
                ? "no whole " + unit + " in the range (expected: at least one)"
                : "too little history: usage began on %s (expected: at least %d weeks before a %s)"
                        .formatted(since.toLocalDate(), AnomalyRule.WEEKS_MIN, unit);
    }

    private boolean isWhole(int bucket) {
        Instant start = scope.buckets().starts().get(bucket);
        Instant end = scope.buckets().endOf(bucket);
        return !start.isBefore(scope.range().start())
                && start.isBefore(scope.now())
                && (isRunning(bucket) || !end.isAfter(scope.range().end()));
    }

    private boolean isRunning(int bucket) {
        return scope.buckets().endOf(bucket).isAfter(scope.now());
    }

    private void look(int bucket, Costs costs, List<Ranked> found) {
        judge(bucket, costs.org())
                .ifPresent(departure -> add(
                        found, bucket, By.ORG, null, costs.org(), departure, contributors(bucket, costs, departure)));
        costs.models().forEach((part, cost) -> judge(bucket, cost)
                .ifPresent(departure -> add(found, bucket, By.MODEL, part, cost, departure, null)));
        costs.clients().forEach((part, cost) -> judge(bucket, cost)
                .ifPresent(departure -> add(found, bucket, By.CLIENT, part, cost, departure, null)));
        costs.users().forEach((part, cost) -> judge(bucket, cost)
                .ifPresent(departure -> add(found, bucket, By.USER, part, cost, departure, null)));
    }

    private Optional<Departure> judge(int bucket, CostsByWeek costs) {
        LocalDateTime local = CostsByWeek.local(scope, bucket);
        return rule.judge(costs.at(local), costs.before(local, since))
                .filter(departure -> departure.isHigher() || (!isRunning(bucket) && costs.isComplete(local)));
    }

    private void add(
            List<Ranked> found,
            int bucket,
            By by,
            Part part,
            CostsByWeek costs,
            Departure departure,
            List<Contributor> contributors) {
        found.add(new Ranked(
                Anomaly.of(
                        scope.buckets().starts().get(bucket),
                        isRunning(bucket),
                        by,
                        part,
                        cost(bucket, costs),
                        departure,
                        contributors),
                departure.difference().abs()));
    }

    private Cost cost(int bucket, CostsByWeek costs) {
        return Cost.ofCents(costs.at(CostsByWeek.local(scope, bucket)));
    }

    private List<Contributor> contributors(int bucket, Costs costs, Departure of) {
        return Stream.of(
                        contributors(bucket, By.MODEL, costs.models(), of),
                        contributors(bucket, By.CLIENT, costs.clients(), of),
                        contributors(bucket, By.USER, costs.users(), of))
                .flatMap(parts -> parts)
                .toList();
    }

    private Stream<Contributor> contributors(int bucket, By by, Map<Part, CostsByWeek> parts, Departure of) {
        record Move(Part part, CostsByWeek costs, Departure departure) {}
        LocalDateTime local = CostsByWeek.local(scope, bucket);
        return parts.entrySet().stream()
                .map(part -> new Move(
                        part.getKey(),
                        part.getValue(),
                        AnomalyRule.compare(
                                part.getValue().at(local), part.getValue().before(local, since))))
                .filter(move -> move.departure().difference().signum()
                        == of.difference().signum())
                .sorted(Comparator.comparing(
                                (Move move) -> move.departure().difference().abs())
                        .reversed())
                .limit(CONTRIBUTORS_MAX)
                .map(move -> Contributor.of(by, move.part(), cost(bucket, move.costs()), move.departure()));
    }
}
