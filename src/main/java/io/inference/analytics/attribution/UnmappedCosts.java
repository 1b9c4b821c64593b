package io.inference.analytics.attribution;

import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/** Workspaces and keys that have costs and no mapping. */
@ApplicationScoped
public class UnmappedCosts {

    private static final String LIST =
            """
            select kind, id, name, first_date, last_date, amount_usd from analytics.provider_unmapped
            order by amount_usd desc, kind, id
            """;

    /**
     * A workspace or a key.
     *
     * @param kind workspace or key
     * @param first the first day with costs
     * @param last the last day with costs
     */
    public record Unmapped(
            String kind, String id, Optional<String> name, LocalDate first, LocalDate last, BigDecimal amountUsd) {}

    private final Jdbi jdbi;

    public UnmappedCosts(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** All of them, the most expensive first. */
    public List<Unmapped> list() {
        return jdbi.withHandle(handle -> handle.createQuery(LIST)
                .map(row -> new Unmapped(
                        row.getColumn("kind", String.class),
                        row.getColumn("id", String.class),
                        Optional.ofNullable(row.getColumn("name", String.class)),
                        row.getColumn("first_date", LocalDate.class),
                        row.getColumn("last_date", LocalDate.class),
                        row.getColumn("amount_usd", BigDecimal.class)))
                .list());
    }
}
