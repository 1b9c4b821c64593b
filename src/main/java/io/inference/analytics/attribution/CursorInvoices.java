package io.inference.analytics.attribution;

import io.inference.analytics.bills.DayImport;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Cursor's invoices as people enter them, and how far the imported charges are from them. An invoice is a reference: it is compared
 * with the charges and never added to them.
 */
@ApplicationScoped
public class CursorInvoices {

    private static final Logger LOG = Logger.getLogger(CursorInvoices.class);

    private static final String INSERT =
            """
            insert into analytics.cursor_monthly_invoice (billing_month, total_invoice_amount_usd, subscription_base, overage_charges,
                total_requests, usage_based_requests, invoice_id, invoice_date, payment_status, notes, entered_by, entered_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
     * What an invoice says; US dollars.
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
            OptionalLong requests,
            OptionalLong usageBasedRequests,
            Optional<String> invoiceId,
            Optional<LocalDate> date,
            Optional<String> paymentStatus,
            Optional<String> notes) {}

    /**
     * An invoice beside what was imported for its month.
     *
     * @param variance imported less invoiced
     * @param overageRate US dollars a usage-based request
     * @param status matched, acceptable, warning, critical, missing_data or duplicate_data
     */
    public record Compared(
            YearMonth month,
            BigDecimal invoiced,
            BigDecimal imported,
            BigDecimal variance,
            Optional<BigDecimal> overageRate,
            String status) {

        /** Whether nobody has to look at it. */
        public boolean fine() {
            return List.of("matched", "acceptable", "warning").contains(status);
        }
    }

    private final DataSource dataSource;
    private final Clock clock;

    public CursorInvoices(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /**
     * Enters the invoice of a month.
     *
     * @throws Failure.Conflict when the month has one and it is not to be replaced
     */
    public void enter(Invoice invoice, boolean replace, String by) throws SQLException {
        Object[] values = {
            invoice.month().atDay(1),
            invoice.total(),
            invoice.subscription().orElse(null),
            invoice.overage().orElse(null),
            invoice.requests().isPresent() ? invoice.requests().getAsLong() : null,
            invoice.usageBasedRequests().isPresent()
                    ? invoice.usageBasedRequests().getAsLong()
                    : null,
            invoice.invoiceId().orElse(null),
            invoice.date().orElse(null),
            invoice.paymentStatus().orElse(null),
            invoice.notes().orElse(null),
            by,
            DayImport.utc(clock.instant())
        };
        try (Connection connection = dataSource.getConnection();
                PreparedStatement insert = connection.prepareStatement(INSERT + (replace ? REPLACE : KEEP))) {
            for (int i = 0; i < values.length; i++) {
                insert.setObject(i + 1, values[i]);
            }
            if (insert.executeUpdate() == 0) {
                throw new Failure.Conflict("the invoice of %s is entered already (expected: --replace to change it)"
                        .formatted(invoice.month()));
            }
        }
        LOG.infof(
                "event=invoice_entered actor=\"%s\" month=%s amountUsd=%s",
                by, invoice.month(), invoice.total().toPlainString());
    }

    /** All invoices, by month. */
    public List<Compared> compare() throws SQLException {
        List<Compared> invoices = new ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(LIST);
                ResultSet row = select.executeQuery()) {
            while (row.next()) {
                invoices.add(new Compared(
                        YearMonth.from(row.getObject(1, LocalDate.class)),
                        row.getBigDecimal(2),
                        row.getBigDecimal(3),
                        row.getBigDecimal(4),
                        Optional.ofNullable(row.getBigDecimal(5)),
                        row.getString(6)));
            }
        }
        return invoices;
    }
}
