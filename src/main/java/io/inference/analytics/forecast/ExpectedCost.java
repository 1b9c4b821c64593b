package io.inference.analytics.forecast;

import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/** What a running period is expected to have cost at its end: the figure of the forecast endpoint, for other rooms. */
@ApplicationScoped
public class ExpectedCost {

    private final ForecastStore store;

    ExpectedCost(ForecastStore store) {
        this.store = store;
    }

    /**
     * The expected cost in US cents.
     *
     * @param question the parameters of the endpoint, without clients and users
     * @param clients empty means all
     * @param users true ids; empty means all. The caller shows the answer only where figures by user may be shown
     * @return empty when there is too little history, or when some usage of the history or the period has no price: the figure
     *     would be too low
     * @throws io.inference.analytics.platform.Failure.Invalid when it needs raw events that may be gone
     */
    public Optional<BigDecimal> cents(
            Handle handle,
            UUID org,
            Map<String, List<String>> question,
            Set<String> clients,
            Set<UUID> users,
            Instant now) {
        ForecastQuery query = ForecastQuery.parse(question, now).withClients(clients);
        ForecastStore.Past past = store.readOfUsers(handle, org, query, users);
        if (past.unpriced() > 0 || past.spent().unpricedInvocations() > 0) {
            return Optional.empty();
        }
        BigDecimal spent = past.spent().costCents().orElse(BigDecimal.ZERO);
        return Outlook.of(spent, past.days(), past.left(), query.daysAfterToday())
                .map(Outlook::expected);
    }
}
