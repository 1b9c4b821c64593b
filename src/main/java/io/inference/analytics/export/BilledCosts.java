package io.inference.analytics.export;

import io.inference.analytics.platform.WireNamed;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;

/**
 * What providers billed for the workspaces and keys of one organisation, distributed over the rows
 * of its file; US dollars, exact.
 *
 * <p>A bill knows UTC days and the provider's models. The amount of a day and model is distributed
 * over the hours and models of this service that were used, in proportion to the estimated cost.
 * Where all estimates are 0, the invocations decide. Each part is the difference of two running
 * shares: so the parts of a day add up to the bill to the last digit, and adjacent windows never
 * contain a part twice. An amount that no usage of the day explains (web search, a model without
 * events) stays whole. It belongs to the window that contains the day's first instant.
 *
 * <p>Bound: one entry per bucket and model that a bill names.
 */
final class BilledCosts {

    /** Where the figure of a row comes from. */
    enum Basis implements WireNamed {
        /** All that was billed for the day and model, or for several. */
        BILL("Bill", "BilledCost is what the provider billed for this organisation's keys and workspaces"),
        /** A part of that. */
        BILL_SHARE(
                "BillShare",
                "BilledCost is a share, by estimated cost, of what the provider billed for this organisation's keys and"
                        + " workspaces on the UTC day"),
        NO_BILL("NoBill", "BilledCost is 0 because no imported provider bill of this organisation names the usage"),
        NOT_MAPPED(
                "NotMapped",
                "BilledCost is 0 because no provider bill is allotted: no key or workspace belongs to this organisation alone");

        private final String wireName;
        private final String reason;

        Basis(String wireName, String reason) {
            this.wireName = wireName;
            this.reason = reason;
        }

        @Override
        public String wireName() {
            return wireName;
        }

        String reason() {
            return reason;
        }
    }

    /** What a row is billed. */
    record Part(BigDecimal usd, Basis basis) {}

    /**
     * A billed amount that no usage explains.
     *
     * @param what the provider's model, or its description of a line without a model
     */
    record Unused(LocalDate day, Optional<String> model, String what, BigDecimal usd) {}

    /** A row of the file. */
    record Cell(int bucket, String modelId) implements Comparable<Cell> {
        @Override
        public int compareTo(Cell other) {
            return Comparator.comparingInt(Cell::bucket)
                    .thenComparing(Cell::modelId)
                    .compare(this, other);
        }
    }

    private record DayModel(LocalDate day, String model) {}

    private static final Cell OUTSIDE = new Cell(-1, "");

    private final Map<Cell, Part> parts;
    private final List<Unused> unused;
    private final Part none;

    private BilledCosts(Map<Cell, Part> parts, List<Unused> unused, Basis otherwise) {
        this.parts = parts;
        this.unused = unused;
        this.none = new Part(BigDecimal.ZERO, otherwise);
    }

    private static final String PARTS =
            """
            with bill as (
                select activity_date as day, model, case when model is null then description end as description,
                       sum(amount_usd) as amount
                from analytics.provider_org_costs
                where org_id = :org and activity_date >= :first and activity_date <= :last
                group by 1, 2, 3
            ), named as (
                select model_id, provider_model as model from analytics.provider_model where provider = 'anthropic'
                union all
                select model_id, name from analytics.models
                where not exists (select from analytics.provider_model other where other.model_id = models.model_id)
            ), used as (
                select bill.day, bill.model, usage.bucket_start as hour, usage.model_id,
                       coalesce(sum(usage.cost_estimate_cents), 0) as cents, sum(usage.invocations) as invocations
                from bill
                join named on named.model = bill.model
                join analytics.usage_hourly usage
                  on usage.org_id = :org and usage.model_id = named.model_id
                 and usage.bucket_start >= :start and usage.bucket_start < :end
                 and usage.bucket_start >= bill.day::timestamp at time zone 'UTC'
                 and usage.bucket_start < (bill.day + 1)::timestamp at time zone 'UTC'
                group by 1, 2, 3, 4
            ), weighed as (
                select *, case when sum(cents) over (partition by day, model) > 0 then cents else invocations end as weight
                from used
            ), running as (
                select *, sum(weight) over (partition by day, model order by hour, model_id) as upto,
                       sum(weight) over (partition by day, model) as whole
                from weighed
            )
            select bill.day, bill.model, bill.description, bill.amount, running.hour, running.model_id::text as model_id,
                   case when upto = whole then amount else trunc(amount * upto / whole, 8) end
                   - case when upto - weight = whole then amount else trunc(amount * (upto - weight) / whole, 8) end as part
            from bill left join running on running.day = bill.day and running.model = bill.model
            order by bill.day, bill.model nulls last, bill.description, running.hour, running.model_id
            """;

    /** Reads the bills of the order's window in the caller's snapshot. */
    static BilledCosts read(Handle handle, UUID org, ExportOrder order) {
        LocalDate first = LocalDate.ofInstant(order.range().start(), ZoneOffset.UTC);
        LocalDate last = LocalDate.ofInstant(order.range().end().minusNanos(1), ZoneOffset.UTC);
        Reading reading = new Reading(order);
        handle.createQuery(PARTS)
                .bind("org", org)
                .bind("first", first)
                .bind("last", last)
                // The days again as instants, so that the planner excludes other days at once.
                .bind("start", first.atStartOfDay(ZoneOffset.UTC).toInstant())
                .bind("end", last.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant())
                .map(Line::of)
                .forEach(reading::add);
        return reading.costs(mapped(handle, org, last) ? Basis.NO_BILL : Basis.NOT_MAPPED);
    }

    private static final String MAPPED =
            "select exists (select from analytics.provider_org_mapping where org_id = :org and valid_from <= :last)";

    private static boolean mapped(Handle handle, UUID org, LocalDate last) {
        return handle.createQuery(MAPPED)
                .bind("org", org)
                .bind("last", last)
                .mapTo(Boolean.class)
                .one();
    }

    /**
     * A row of the query.
     *
     * @param model the provider's; null when the bill names none
     * @param hour null when no usage of the day explains the amount; then modelId and part are
     *     null, too
     */
    private record Line(
            LocalDate day,
            String model,
            String description,
            BigDecimal amount,
            Instant hour,
            String modelId,
            BigDecimal part) {

        static Line of(RowView row) {
            return new Line(
                    row.getColumn("day", LocalDate.class),
                    row.getColumn("model", String.class),
                    row.getColumn("description", String.class),
                    row.getColumn("amount", BigDecimal.class),
                    row.getColumn("hour", Instant.class),
                    row.getColumn("model_id", String.class),
                    row.getColumn("part", BigDecimal.class));
        }
    }

    /** Distributes the lines over the rows of the file. */
    private static final class Reading {

        private final ExportOrder order;
        private final TreeMap<Instant, Integer> buckets = new TreeMap<>();
        private final Map<Cell, BigDecimal> amounts = new HashMap<>();
        private final Map<DayModel, Set<Cell>> spread = new HashMap<>();
        private final List<Unused> unused = new ArrayList<>();

        Reading(ExportOrder order) {
            this.order = order;
            List<Instant> starts = order.buckets().starts();
            for (int i = 0; i < starts.size(); i++) {
                buckets.put(starts.get(i), i);
            }
        }

        void add(Line line) {
            if (line.hour() == null) {
                addUnused(line);
                return;
            }
            Cell cell = OUTSIDE;
            if (within(order, line.hour())) {
                cell = new Cell(buckets.floorEntry(line.hour()).getValue(), line.modelId());
                if (order.models().isEmpty() || order.models().contains(UUID.fromString(cell.modelId()))) {
                    amounts.merge(cell, line.part(), BigDecimal::add);
                }
            }
            spread.computeIfAbsent(new DayModel(line.day(), line.model()), any -> new HashSet<>())
                    .add(cell);
        }

        private void addUnused(Line line) {
            Instant start = line.day().atStartOfDay(ZoneOffset.UTC).toInstant();
            if (order.models().isEmpty() && within(order, start)) {
                String what = line.model() == null ? line.description() : line.model();
                unused.add(new Unused(
                        line.day(),
                        Optional.ofNullable(line.model()),
                        what == null ? "cost without a description" : what,
                        line.amount()));
            }
        }

        BilledCosts costs(Basis otherwise) {
            Set<Cell> shares = new HashSet<>();
            spread.values().stream().filter(cells -> cells.size() > 1).forEach(shares::addAll);
            Map<Cell, Part> parts = new HashMap<>();
            amounts.forEach((cell, usd) ->
                    parts.put(cell, new Part(usd, shares.contains(cell) ? Basis.BILL_SHARE : Basis.BILL)));
            return new BilledCosts(parts, unused, otherwise);
        }
    }

    private static boolean within(ExportOrder order, Instant time) {
        return !time.isBefore(order.range().start())
                && time.isBefore(order.range().end());
    }

    /** What the row is billed; each part is given once. */
    Part take(int bucket, String modelId) {
        Part part = parts.remove(new Cell(bucket, modelId));
        return part == null ? none : part;
    }

    /** What no row has taken so far. */
    Map<Cell, Part> left() {
        return parts;
    }

    /** What no usage of its day explains. */
    List<Unused> unused() {
        return unused;
    }
}
