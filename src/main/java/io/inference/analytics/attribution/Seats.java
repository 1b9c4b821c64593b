package io.inference.analytics.attribution;

import io.inference.analytics.bills.DayKey;
import io.inference.analytics.bills.Derivation;
import io.inference.analytics.bills.MappingChange;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Dataset;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.LocalDate;
import java.time.YearMonth;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** The monthly cost of seats, which no provider's API reports: people enter it. */
@ApplicationScoped
public class Seats {

    private static final Logger LOG = Logger.getLogger(Seats.class);

    private static final String ADD =
            """
            insert into analytics.manual_cost_entry (month, platform, kind, amount_usd, entered_by, entered_at)
            values (:month, :tool, 'subscription', :usd, :by, :now)
            on conflict (month, platform, kind) do nothing
            """;

    private static final String REPLACE =
            """
            update analytics.manual_cost_entry set amount_usd = :usd, entered_by = :by, entered_at = :now
            where month = :month and platform = :tool and kind = 'subscription'
            """;

    private static final String FIND =
            """
            select amount_usd from analytics.manual_cost_entry
            where month = :month and platform = :tool and kind = 'subscription'
            """;

    private final Jdbi jdbi;
    private final Clock clock;

    public Seats(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /**
     * Enters the cost of a month's seats, which is booked on the month's first day.
     *
     * @param replace whether another amount may be replaced
     * @throws Failure.Conflict when another amount is entered and may not be replaced
     */
    public void add(YearMonth month, Tool tool, BigDecimal amountUsd, boolean replace, String by) {
        if (tool == Tool.OPENAI_API) {
            throw new Failure.Invalid(
                    "platform", "platform: openai_api (expected: claude_ai, claude_code, claude_api or cursor)");
        }
        LocalDate day = month.atDay(1);
        MappingChange.run(jdbi, by, handle -> {
            if (write(handle, ADD, day, tool, amountUsd, by) == 0) {
                BigDecimal before = find(handle, day, tool);
                if (before.compareTo(amountUsd) != 0 && !replace) {
                    throw new Failure.Conflict("%s of %s: %s USD is entered already"
                            .formatted(tool.wireName(), month, before.toPlainString()));
                }
                write(handle, REPLACE, day, tool, amountUsd, by);
            }
            Derivation.derive(handle, new DayKey(Dataset.CLAUDE_AI_AUDIT, "", day));
            return 1;
        });
        LOG.infof(
                "event=seats_entered actor=\"%s\" month=%s platform=%s amountUsd=%s",
                by, month, tool.wireName(), amountUsd.toPlainString());
    }

    private int write(Handle handle, String sql, LocalDate month, Tool tool, BigDecimal usd, String by) {
        return handle.createUpdate(sql)
                .bind("month", month)
                .bind("tool", tool)
                .bind("usd", usd)
                .bind("by", by)
                .bind("now", clock.instant())
                .execute();
    }

    private static BigDecimal find(Handle handle, LocalDate month, Tool tool) {
        return handle.createQuery(FIND)
                .bind("month", month)
                .bind("tool", tool)
                .mapTo(BigDecimal.class)
                .one();
    }
}
