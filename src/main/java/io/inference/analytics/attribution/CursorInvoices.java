package io.inference.analytics.attribution;

import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Jdbi;

/**
 * Cursor's invoices as people enter them, and their differences from the imported charges. An
 * invoice is a reference: it is compared with the charges and never added to them.
 */
@ApplicationScoped
public class CursorInvoices {

    private static final Logger LOG = Logger.getLogger(CursorInvoices.class);

    private static final String INSERT =
            """
            insert into analytics.cursor_monthly_invoice (billing_month, total_invoice_amount_usd, subscription_base, overage_charges,
                total_requests, usage_based_requests, invoice_id, invoice_date, payment_status, notes, entered_by, entered_at)
            values (:month, :total, :subscription, :overage, :requests, :usageBasedRequests, :invoiceId, :date, :paymentStatus, :notes,
                :by, :now)
            """;

    private static final String KEEP = "on conflict (billing_month) do nothing";

    private static final String REPLACE =
            """
            on conflict (billing_month) do update set total_invoice_amount_usd = excluded.total_invoice_amount_usd,
                subscription_base = excluded.subscription_base, overage_charges = excluded.overage_charges,
                total_requests = excluded.total_requests, usage_based_requests = excluded.usage_based_requests,
                invoice_id = excluded.invoice_id, invoice_date = excluded.invoice_date, payment_status = excluded.payment_status,
                notes = excluded.notes, entered_by = excluded.entered_by, entered_at = excluded.entered_at
            """;

    private static final String LIST =
            """
            select billing_month, total_invoice_amount_usd, imported_usd, variance_usd, effective_overage_rate, variance_status
            from analytics.cursor_monthly_invoices order by billing_month
            """;

    /**
     * An invoice; amounts are US dollars.
     *
     * @param requests all of the month
     * @param usageBasedRequests those that {@code overage} was charged for
     * @param paymentStatus in the company's own words
     */
    public record Invoice(
            YearMonth month,
            BigDecimal total,
            Optional<BigDecimal> subscription,
            Optional<BigDecimal> overage,
            Optional<Long> requests,
            Optional<Long> usageBasedRequests,
            Optional<String> invoiceId,
            Optional<LocalDate> date,
            Optional<String> paymentStatus,
            Optional<String> notes) {}

    /**
     * An invoice next to the imported charges of its month.
     *
     * @param variance imported - invoiced
     * @param overageRate US dollars per usage-based request
     * @param status matched, acceptable, warning, critical, missing_data or duplicate_data
     */
    public record Compared(
            YearMonth month,
            BigDecimal invoiced,
            BigDecimal imported,
            BigDecimal variance,
            Optional<BigDecimal> overageRate,
            String status) {

        /** Whether no person has to look at it. */
        public boolean fine() {
            return List.of("matched", "acceptable", "warning").contains(status);
        }
    }

    private final Jdbi jdbi;
    private final Clock clock;

    public CursorInvoices(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /**
     * Enters the invoice of a month.
     *
     * @param replace whether an invoice of the month may be replaced
     * @throws Failure.Conflict when the month has an invoice that may not be replaced
     */
    public void enter(Invoice invoice, boolean replace, String by) {
        int entered = jdbi.withHandle(handle -> handle.createUpdate(INSERT + (replace ? REPLACE : KEEP))
                .bind("month", invoice.month().atDay(1))
                .bind("total", invoice.total())
                .bind("subscription", invoice.subscription())
                .bind("overage", invoice.overage())
                .bind("requests", invoice.requests())
                .bind("usageBasedRequests", invoice.usageBasedRequests())
                .bind("invoiceId", invoice.invoiceId())
                .bind("date", invoice.date())
                .bind("paymentStatus", invoice.paymentStatus())
                .bind("notes", invoice.notes())
                .bind("by", by)
                .bind("now", clock.instant())
                .execute());
        if (entered == 0) {
            throw new Failure.Conflict("the invoice of %s is entered already".formatted(invoice.month()));
        }
        LOG.infof(
                "event=invoice_entered actor=\"%s\" month=%s amountUsd=%s",
                by, invoice.month(), invoice.total().toPlainString());
    }

    /** All invoices, by month. */
    public List<Compared> compare() {
        return jdbi.withHandle(handle -> handle.createQuery(LIST)
                .map(row -> new Compared(
                        YearMonth.from(row.getColumn("billing_month", LocalDate.class)),
                        row.getColumn("total_invoice_amount_usd", BigDecimal.class),
                        row.getColumn("imported_usd", BigDecimal.class),
                        row.getColumn("variance_usd", BigDecimal.class),
                        Optional.ofNullable(row.getColumn("effective_overage_rate", BigDecimal.class)),
                        row.getColumn("variance_status", String.class)))
                .list());
    }
}
