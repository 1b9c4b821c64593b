package io.inference.analytics.ingest;

import io.inference.analytics.event.EventStatus;
import io.inference.analytics.event.UsageEvent;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The stored events of the last five minutes of {@code occurredAt}, by organisation: how many, how many failed, how long they
 * took. Kept in memory from what this process commits, because a query of the raw events would read a whole day (ADR 7).
 *
 * <p>Counts are exact. So are latencies up to {@link #SAMPLE_MAX} events of an organisation in a slot of ten seconds; above that
 * a uniform sample of that size stands for them. A slot follows at most {@link #ORGS_MAX} organisations, so memory is bounded by
 * 31 slots x 2,000 x 2 KiB. At 15,000 events/s the events themselves bound it: 10 MiB. A restart begins with nothing.
 */
@ApplicationScoped
class RecentUsage {

    static final Duration WINDOW = Duration.ofMinutes(5);
    static final int EVENTS_MIN = 20;

    private static final int SLOT_SECONDS = 10;
    private static final int SAMPLE_MAX = 1_024;
    private static final int ORGS_MAX = 2_000;

    /** The bins of the stored histograms, see analytics.latency_bin: at most 2 % off. */
    private static final double BIN_BASE = 1.04;

    /**
     * One organisation's window.
     *
     * @param events events of the window
     * @param errorRate share of those whose status is not success, 0 to 1
     * @param p50Seconds median latency; p95 and p99 likewise
     */
    record Figures(long events, double errorRate, double p50Seconds, double p95Seconds, double p99Seconds) {}

    /** Events of one organisation and slot. */
    private static final class Marks {
        private short[] bins = new short[8];
        private int seen;
        private int errors;

        void add(short bin, boolean error) {
            errors += error ? 1 : 0;
            if (seen < SAMPLE_MAX) {
                if (seen == bins.length) {
                    bins = Arrays.copyOf(bins, Math.min(SAMPLE_MAX, bins.length * 2));
                }
                bins[seen] = bin;
            } else {
                int place = ThreadLocalRandom.current().nextInt(seen + 1);
                if (place < SAMPLE_MAX) {
                    bins[place] = bin;
                }
            }
            seen++;
        }
    }

    private final Clock clock;
    private final TreeMap<Long, Map<UUID, Marks>> slots = new TreeMap<>();

    RecentUsage(Clock clock) {
        this.clock = clock;
    }

    /**
     * Takes events whose batch is committed.
     *
     * @param without indices of those that were not stored
     */
    synchronized void add(List<UsageEvent> events, Set<Integer> without) {
        Instant now = clock.instant();
        long oldest = slot(now.minus(WINDOW));
        for (int i = 0; i < events.size(); i++) {
            UsageEvent event = events.get(i);
            long slot = slot(event.occurredAt());
            if (slot <= oldest || without.contains(i)) {
                continue;
            }
            Map<UUID, Marks> orgs = slots.computeIfAbsent(slot, key -> new HashMap<>());
            Marks marks = orgs.get(event.orgId());
            if (marks == null && orgs.size() < ORGS_MAX) {
                marks = new Marks();
                orgs.put(event.orgId(), marks);
            }
            if (marks != null) {
                marks.add(bin(event.latencyMs()), event.status() != EventStatus.SUCCESS);
            }
        }
        slots.headMap(oldest, true).clear();
    }

    /** The figures of the organisations with the most events, without those with fewer than {@link #EVENTS_MIN}. */
    synchronized Map<UUID, Figures> figures(int orgsMax) {
        Instant now = clock.instant();
        slots.headMap(slot(now.minus(WINDOW)), true).clear();
        Map<UUID, Totals> totals = new HashMap<>();
        // An event may be up to five minutes ahead of the clock; it counts when its time has come.
        for (Map<UUID, Marks> orgs : slots.headMap(slot(now), true).values()) {
            orgs.forEach((org, marks) ->
                    totals.computeIfAbsent(org, key -> new Totals()).add(marks));
        }
        Map<UUID, Figures> figures = new HashMap<>();
        totals.entrySet().stream()
                .filter(entry -> entry.getValue().events >= EVENTS_MIN)
                .sorted(Comparator.comparingLong((Map.Entry<UUID, Totals> entry) -> -entry.getValue().events)
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(orgsMax)
                .forEach(entry -> figures.put(entry.getKey(), entry.getValue().figures()));
        return figures;
    }

    private static long slot(Instant at) {
        return Math.floorDiv(at.getEpochSecond(), SLOT_SECONDS);
    }

    static short bin(long ms) {
        return (short) (ms <= 0 ? 0 : (int) Math.ceil(Math.log(ms) / Math.log(BIN_BASE)) + 1);
    }

    static double seconds(int bin) {
        return bin == 0 ? 0 : 2 * Math.pow(BIN_BASE, bin - 1) / (1 + BIN_BASE) / 1_000;
    }

    /** The sum of an organisation's slots; a sample counts as much as the events that it stands for. */
    private static final class Totals {
        private final TreeMap<Integer, Double> weights = new TreeMap<>();
        private long events;
        private long errors;

        void add(Marks marks) {
            events += marks.seen;
            errors += marks.errors;
            int kept = Math.min(marks.seen, SAMPLE_MAX);
            double weight = (double) marks.seen / kept;
            for (int i = 0; i < kept; i++) {
                weights.merge((int) marks.bins[i], weight, Double::sum);
            }
        }

        Figures figures() {
            return new Figures(events, (double) errors / events, quantile(0.5), quantile(0.95), quantile(0.99));
        }

        /** Nearest rank. */
        private double quantile(double share) {
            // A little lower, because sums of weights are not exact.
            double rank = Math.ceil(share * events) - 1e-6;
            double below = 0;
            for (Map.Entry<Integer, Double> bin : weights.entrySet()) {
                below += bin.getValue();
                if (below >= rank) {
                    return seconds(bin.getKey());
                }
            }
            return seconds(weights.lastKey());
        }
    }
}
