package io.inference.analytics.web;

import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.quarkus.vertx.http.ManagementInterface;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Answers {@code /metrics} in the OpenMetrics format to every caller that accepts it: only that format carries exemplars. Quarkus
 * would answer a caller that accepts plain text too, as Prometheus does, with plain text, and one that names no version with 406.
 *
 * <p>The registry is the one that Quarkus makes, which Micrometer has deprecated.
 */
@ApplicationScoped
@SuppressWarnings("deprecation")
class OpenMetrics {

    private static final String MEDIA_TYPE = "application/openmetrics-text";
    private static final String VERSION_1 = MEDIA_TYPE + "; version=1.0.0; charset=utf-8";

    private final PrometheusMeterRegistry registry;
    private final String path;

    OpenMetrics(
            PrometheusMeterRegistry registry,
            @ConfigProperty(name = "quarkus.micrometer.export.prometheus.path") String path) {
        this.registry = registry;
        this.path = path;
    }

    void register(@Observes ManagementInterface management) {
        management.router().get(path).order(Integer.MIN_VALUE).blockingHandler(this::answer, false);
    }

    private void answer(RoutingContext request) {
        String accepted = request.request().getHeader(HttpHeaders.ACCEPT);
        if (accepted == null || !accepted.contains(MEDIA_TYPE)) {
            request.next();
            return;
        }
        request.response().putHeader(HttpHeaders.CONTENT_TYPE, VERSION_1).end(registry.scrape(VERSION_1));
    }
}
