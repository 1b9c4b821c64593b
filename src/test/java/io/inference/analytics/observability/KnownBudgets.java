package io.inference.analytics.observability;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Tokens;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Budgets that {@link KnownEvents} exceed. */
final class KnownBudgets {

    private KnownBudgets() {}

    /** Sets a budget of a cent per month. */
    static void put(String name, ServiceProcess service, Map<String, String> settings) {
        String token = Tokens.sign(Tokens.claims(List.of("org-admin"), UUID.fromString(KnownEvents.ORG)), settings);
        String path = "/analytics/v1/orgs/" + KnownEvents.ORG + "/budgets/" + name;
        assertThat(service.put(path, "{\"amount\":\"0.01\",\"period\":\"month\"}", token)
                        .statusCode())
                .isEqualTo(201);
    }
}
