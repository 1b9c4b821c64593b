package io.inference.analytics.web;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.config.MeterFilter;
import io.quarkus.micrometer.runtime.HttpServerMetricsTagsContributor;
import io.vertx.core.http.impl.HttpServerRequestInternal;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.Set;

/**
 * Keeps what callers make up out of the labels of {@code http_server_*}, on both ports: each label value would stay in the heap
 * for ever. {@code method} is one of {@link HttpMethods}, {@code uri} the template of an endpoint or one of a few words.
 */
@Singleton
class HttpMeters implements HttpServerMetricsTagsContributor {

    private static final String METERS = "http.server.";
    private static final String METHOD = "method";
    private static final String URI = "uri";
    private static final Tag UNKNOWN_URI = Tag.of(URI, "UNKNOWN");

    /** Where Quarkus REST leaves the template of the endpoint that it has found. */
    private static final String TEMPLATE = "UrlPathTemplate";

    /** What Quarkus itself serves. */
    private static final Set<String> OWN_PATHS =
            Set.of("/openapi", "/metrics", "/q/health", "/q/health/live", "/q/health/ready", "/q/health/started");

    private static final int NOT_FOUND = 404;

    /** Replaces the path of a request that no endpoint has answered; Quarkus has done so already on status 404. */
    @Override
    public Tags contribute(Context context) {
        HttpServerRequestInternal request = (HttpServerRequestInternal) context.request();
        boolean answeredByNone = request.context().getLocal(TEMPLATE) == null
                && request.response().getStatusCode() != NOT_FOUND
                && !OWN_PATHS.contains(String.valueOf(request.path()));
        return answeredByNone ? Tags.of(UNKNOWN_URI) : Tags.empty();
    }

    /** Requests whose connection breaks off are counted without {@link #contribute}, so their path goes here. */
    @Produces
    @Singleton
    MeterFilter boundedLabels() {
        return new MeterFilter() {
            @Override
            public Meter.Id map(Meter.Id id) {
                String method = id.getTag(METHOD);
                if (!id.getName().startsWith(METERS) || method == null) {
                    return id;
                }
                Tags bounded = Tags.of(id.getTags()).and(METHOD, HttpMethods.label(method));
                return id.replaceTags("RESET".equals(id.getTag("status")) ? bounded.and(UNKNOWN_URI) : bounded);
            }
        };
    }
}
