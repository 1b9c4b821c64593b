package io.inference.analytics.attribution;

import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
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
                total_requests, usage_based_requests, invoice_id, invoice_date, payment_status, notes, entered_by, entered_at, first_day,
                last_day)
            values (:month, :total, :subscription, :overage, :requests, :usageBasedRequests, :invoiceId, :date, :paymentStatus, :notes,
                :by, :now, :first, :last)
            """;

    private static final String KEEP = "on conflict (billing_month) do nothing";

    private static final String REPLACE =
            """
            on conflict (billing_month) do update set total_invoice_amount_usd = excluded.total_invoice_amount_usd,
                subscription_base = excluded.subscription_base, overage_charges = excluded.overage_charges,
                total_requests = excluded.total_requests, usage_based_requests = excluded.usage_based_requests,
                invoice_id = excluded.invoice_id, invoice_date = excluded.invoice_date, payment_status = excluded.payment_status,
                notes = excluded.notes, entered_by = excluded.entered_by, entered_at = excluded.entered_at,
                first_day = excluded.first_day, last_day = excluded.last_day
            """;

    private static final String LIST =
            """
            select billing_month, period_start, period_end, total_invoice_amount_usd, imported_usd, variance_usd, effective_overage_rate, variance_status
            from analytics.cursor_monthly_invoices order by billing_month
            """;

    private static final String LOCK = "select pg_advisory_xact_lock(" + AdvisoryLock.CURSOR_INVOICES.key() + ")";

    private static final String PERIODS =
            """
            with period as (
                select billing_month, coalesce(first_day, billing_month) as first_day,
                       coalesce(last_day, (billing_month + interval '1 month - 1 day')::date) as last_day
                from analytics.cursor_monthly_invoice)
            """;

    private static final String OVERLAP = PERIODS
            + """
            select billing_month, first_day, last_day from period
            where billing_month <> :month and first_day <= :last and last_day >= :first
            order by billing_month limit 1
            """;

    /** Seats are of a month, as in the view; all else is of a day. */
    private static final String LEFT_OUT = PERIODS
            + """
            select date_trunc('month', c.cost_date)::date as month, min(c.cost_date) as first_day, max(c.cost_date) as last_day,
                   sum(c.amount_usd) as amount_usd,
                   min(c.cost_date) < greatest(:due::date, (select max(last_day) from period)) as overdue
            from analytics.vw_combined_daily_costs c
            where c.provider = 'cursor' and not exists (
                select from period p
                where case c.cost_category when 'subscription' then p.billing_month = date_trunc('month', c.cost_date)::date
                                           else c.cost_date between p.first_day and p.last_day end)
            group by 1
            having sum(c.amount_usd) <> 0
            order by 1
            """;

    /** Both days are included. */
    public record Period(LocalDate first, LocalDate last) {}

    /**
     * An invoice; amounts are US dollars.
     *
     * @param month in which the billing cycle ends
     * @param period of usage; empty: the calendar month
     * @param requests all of the month
     * @param usageBasedRequests those that {@code overage} was charged for
     * @param paymentStatus in the company's own words
     */
    public record Invoice(
            YearMonth month,
            Optional<Period> period,
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
     * An invoice next to the imported charges of its period and the seats of its month.
     *
     * @param variance imported - invoiced
     * @param overageRate US dollars per usage-based request
     * @param status matched, acceptable, warning, critical, missing_data or duplicate_data
     */
    public record Compared(
            YearMonth month,
            Period period,
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
     * @throws Failure.Invalid when the period does not end in the month, or is longer than two months,
     *     or has a day of another invoice's
     * @throws Failure.Conflict when the month has an invoice that may not be replaced
     */
    public void enter(Invoice invoice, boolean replace, String by) {
        invoice.period().ifPresent(period -> check(invoice.month(), period));
        int entered = jdbi.inTransaction(handle -> {
            handle.execute(LOCK);
            refuseOverlap(handle, invoice);
            return insert(handle, invoice, replace, by);
        });
        if (entered == 0) {
            throw new Failure.Conflict("the invoice of %s is entered already".formatted(invoice.month()));
        }
        LOG.infof(
                "event=invoice_entered actor=\"%s\" month=%s amountUsd=%s",
                by, invoice.month(), invoice.total().toPlainString());
    }

    private int insert(Handle handle, Invoice invoice, boolean replace, String by) {
        return handle.createUpdate(INSERT + (replace ? REPLACE : KEEP))
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
                .bind("first", invoice.period().map(Period::first))
                .bind("last", invoice.period().map(Period::last))
                .execute();
    }

    private static void refuseOverlap(Handle handle, Invoice invoice) {
        Period period = invoice.period()
                .orElseGet(() ->
                        new Period(invoice.month().atDay(1), invoice.month().atEndOfMonth()));
        handle.createQuery(OVERLAP)
                .bind("month", invoice.month().atDay(1))
                .bind("first", period.first())
                .bind("last", period.last())
                .map(row -> "period: %s to %s (expected: no day of the invoice of %s, which is of %s to %s)"
                        .formatted(
                                period.first(),
                                period.last(),
                                YearMonth.from(row.getColumn("billing_month", LocalDate.class)),
                                row.getColumn("first_day", LocalDate.class),
                                row.getColumn("last_day", LocalDate.class)))
                .findFirst()
                .ifPresent(message -> {
                    throw new Failure.Invalid("period", message);
                });
    }

    private static void check(YearMonth month, Period period) {
        if (!YearMonth.from(period.last()).equals(month)
                || period.first().isAfter(period.last())
                || period.first().isBefore(month.minusMonths(1).atDay(1))) {
            throw new Failure.Invalid(
                    "period",
                    "period: %s to %s (expected: it ends in %s, and begins in that month or the one before)"
                            .formatted(period.first(), period.last(), month));
        }
    }

    /** All invoices, by month. */
    public List<Compared> compare() {
        return jdbi.withHandle(handle -> handle.createQuery(LIST)
                .map(row -> new Compared(
                        YearMonth.from(row.getColumn("billing_month", LocalDate.class)),
                        new Period(
                                row.getColumn("period_start", LocalDate.class),
                                row.getColumn("period_end", LocalDate.class)),
                        row.getColumn("total_invoice_amount_usd", BigDecimal.class),
                        row.getColumn("imported_usd", BigDecimal.class),
                        row.getColumn("variance_usd", BigDecimal.class),
                        Optional.ofNullable(row.getColumn("effective_overage_rate", BigDecimal.class)),
                        row.getColumn("variance_status", String.class)))
                .list());
    }

    /**
     * Charges of a month that lie in no invoice's period.
     *
     * @param days the first and the last with such charges
     * @param overdue whether an invoice should have come: a later one is entered, or the charges are older than the last month
     */
    public record LeftOut(YearMonth month, Period days, BigDecimal amount, boolean overdue) {}

    /** Charges without an invoice, by month. */
    public List<LeftOut> leftOut() {
        LocalDate due =
                YearMonth.now(clock.withZone(ZoneOffset.UTC)).minusMonths(1).atDay(1);
        return jdbi.withHandle(handle -> handle.createQuery(LEFT_OUT)
                .bind("due", due)
                .map(row -> new LeftOut(
                        YearMonth.from(row.getColumn("month", LocalDate.class)),
                        new Period(
                                row.getColumn("first_day", LocalDate.class),
                                row.getColumn("last_day", LocalDate.class)),
                        row.getColumn("amount_usd", BigDecimal.class),
                        row.getColumn("overdue", Boolean.class)))
                .list());
    }
}
