package io.inference.analytics.export;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Optional;
import org.jdbi.v3.core.result.RowView;

/**
 * What a provider charged an organisation for one thing in one period.
 *
 * @param first first UTC day of the charge
 * @param end the day after its last
 * @param issuer the provider
 * @param account the provider's id of the account that was billed
 * @param meter the kind of token, else the kind of cost
 * @param usd exact; below zero for a credit
 * @param workspace or project
 * @param quantity as the bill states it, else as the provider's usage report counts it; without
 *     either, how many daily charges the row sums up
 */
record FocusCharge(
        LocalDate first,
        LocalDate end,
        FocusIssuer issuer,
        String account,
        Optional<String> workspace,
        Optional<String> workspaceName,
        Optional<String> model,
        String costType,
        String meter,
        Optional<String> serviceTier,
        Optional<String> contextWindow,
        Optional<String> description,
        BigDecimal usd,
        FocusQuantity quantity) {

    boolean credit() {
        return usd.signum() < 0;
    }

    static FocusCharge of(RowView row) {
        String costType = row.getColumn("cost_type", String.class);
        return new FocusCharge(
                row.getColumn("first", LocalDate.class),
                row.getColumn("until", LocalDate.class),
                FocusIssuer.of(row.getColumn("provider", String.class)),
                row.getColumn("organization_id", String.class),
                text(row, "workspace_id"),
                text(row, "workspace_name"),
                text(row, "model"),
                costType,
                text(row, "token_type").orElse(costType),
                text(row, "service_tier"),
                text(row, "context_window"),
                text(row, "description"),
                row.getColumn("amount", BigDecimal.class),
                FocusQuantity.of(row));
    }

    private static Optional<String> text(RowView row, String column) {
        return Optional.ofNullable(row.getColumn(column, String.class));
    }
}
