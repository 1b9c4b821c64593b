package io.inference.analytics.export;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.usage.UsageSums;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jdbi.v3.core.Jdbi;

/**
 * Writes the lines of a file, and compares their totals with figures that were computed another
 * way: those of usage with the raw events, those of charges with the allocated bill.
 */
final class ExportContents {

    private static final int UNPRICED_NAMED_MAX = 5;

    /** The totals of the rows and of their source differ. */
    static final class Unequal extends Exception {
        private static final long serialVersionUID = 1;
        private final transient ObjectNode reconciliation;

        private Unequal(ObjectNode reconciliation) {
            super("rows and their source differ: " + reconciliation, null, false, false);
            this.reconciliation = reconciliation;
        }

        ObjectNode reconciliation() {
            return reconciliation;
        }
    }

    /** What was written. */
    record Contents(long rows, ObjectNode totals, ObjectNode reconciliation, ExportColumns<?> columns) {}

    private final ExportTask task;
    private final ExportJob job;
    private final ExportSnapshot snapshot;
    private final CsvLines csv;
    private final Clock clock;

    ExportContents(ExportTask task, ExportSnapshot snapshot, CsvLines csv, Clock clock) {
        this.task = task;
        this.job = task.job();
        this.snapshot = snapshot;
        this.csv = csv;
        this.clock = clock;
    }

    /** Usage of this service: a row per bucket and model. */
    Contents usage(Jdbi snapshots, Executor helpers, String providerName)
            throws IOException, ExportRefused, Unequal, HoldLost {
        try (RawAggregate rawEvents = snapshot.rawEvents(snapshots, helpers)) {
            ExportColumns<ExportRow> columns = usageColumns(providerName);
            csv.write(columns.header());
            Figures.Total total = new Figures.Total();
            snapshot.<HoldLost>rows(row -> {
                csv.write(columns.cells(row));
                total.add(row);
                task.progress(total.rows());
            });
            csv.flush();
            UsageSums raw = rawEvents.sums();
            ObjectNode compared = compared(Figures.equal(total.sums(), raw));
            compared.set("exported", Figures.json(total.sums()));
            compared.set("rawEvents", Figures.json(raw));
            return new Contents(total.rows(), Figures.json(total.sums()), proven(compared), columns);
        }
    }

    private ExportColumns<ExportRow> usageColumns(String providerName) throws ExportRefused {
        ExportOrder order = job.order();
        String org = job.orgId().toString();
        Map<String, String> names = snapshot.modelNames();
        if (order.format() == ExportFormat.CSV) {
            return new UsageColumns(
                    org, snapshot.orgName(), names, order.buckets().starts(), order.csv());
        }
        refuseUnpriced(names);
        return new FocusEstimateColumns(org, snapshot.orgName(), names, order, providerName);
    }

    private void refuseUnpriced(Map<String, String> names) throws ExportRefused {
        List<String> models = snapshot.unpricedModels(UNPRICED_NAMED_MAX + 1);
        if (models.isEmpty()) {
            return;
        }
        String named = String.join(
                ", ",
                models.stream()
                        .limit(UNPRICED_NAMED_MAX)
                        .map(id -> names.containsKey(id) ? names.get(id) + " (" + id + ")" : id)
                        .toList());
        throw new ExportRefused(
                "A file of estimated costs needs a price for everything in it, and these models have usage without one: %s%s. Set their prices, or request format csv."
                        .formatted(named, models.size() > UNPRICED_NAMED_MAX ? " and more" : ""));
    }

    /** Charges of providers: a row per charge. */
    Contents charges(FocusVersion version) throws IOException, ExportRefused, Unequal, HoldLost {
        FocusCharges charges = snapshot.charges();
        FocusBills bills = charges.bills();
        bills.complete();
        ExportColumns<FocusCharge> columns =
                new FocusChargeColumns(version, job.orgId(), snapshot.orgName(), snapshot.providerModels(), bills);
        csv.write(columns.header());
        Charged charged = new Charged();
        charges.<HoldLost>each(charge -> {
            csv.write(columns.cells(charge));
            charged.add(charge);
            task.progress(charged.rows);
        });
        csv.flush();
        BigDecimal billed = charges.billed();
        ObjectNode compared = compared(charged.usd.compareTo(billed) == 0);
        compared.put("exportedBilledUsd", Figures.plain(charged.usd));
        compared.put("allocatedBilledUsd", Figures.plain(billed));
        ObjectNode totals = Figures.JSON.createObjectNode().put(Figures.BILLED, Figures.plain(charged.usd));
        return new Contents(charged.rows, totals, proven(compared), columns);
    }

    private static final class Charged {
        private long rows;
        private BigDecimal usd = BigDecimal.ZERO;

        private void add(FocusCharge charge) {
            rows++;
            usd = usd.add(charge.usd());
        }
    }

    private ObjectNode compared(boolean equal) {
        ObjectNode reconciliation = Figures.JSON.createObjectNode();
        reconciliation.put("status", equal ? "equal" : "unequal");
        reconciliation.put(
                "checkedAt", clock.instant().truncatedTo(ChronoUnit.MILLIS).toString());
        return reconciliation;
    }

    private static ObjectNode proven(ObjectNode reconciliation) throws Unequal {
        if (!reconciliation.get("status").textValue().equals("equal")) {
            throw new Unequal(reconciliation);
        }
        return reconciliation;
    }
}
