package io.inference.analytics.testing;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.net.URI;
import java.util.Map;

/**
 * Gives the application a broker address at which the test's own {@link TcpProxy} will listen. Until the test begins nobody does,
 * so the application starts with an unreachable broker.
 */
public class BrokerBehindProxy implements QuarkusTestResourceLifecycleManager {

    /** Setting: where the broker really is. */
    public static final String BROKER_URL = "analytics.test.broker-url";

    @Override
    public int order() {
        // After TestBackends, whose address it replaces.
        return 1;
    }

    @Override
    public Map<String, String> start() {
        LocalDev.start(Backend.RABBITMQ);
        String url = LocalDev.settings().get("RABBITMQ_URL");
        URI broker = URI.create(url);
        return Map.of(
                BROKER_URL,
                url,
                "RABBITMQ_URL",
                "%s://%s@localhost:%d%s"
                        .formatted(broker.getScheme(), broker.getUserInfo(), Ports.free(), broker.getRawPath()));
    }

    @Override
    public void stop() {
        // Nothing was started here that TestBackends does not end.
    }
}
