package io.inference.analytics.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.LogText;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;

/**
 * What surrounds every request, on every route: its ids, one access log line when it has ended (however it ended), and
 * problem+json for what fails before or outside JAX-RS, such as unmatched paths, malformed addresses and bodies that are too
 * large.
 */
@ApplicationScoped
class HttpRoutes {

    private static final Logger ACCESS = Logger.getLogger("io.inference.analytics.access-log");
    private static final Logger LOG = Logger.getLogger(HttpRoutes.class);

    /** Nothing here is a page: browsers shall neither guess types nor show it in a frame nor tell others its address. */
    private static final Map<String, String> SAFETY = Map.of(
            "X-Content-Type-Options", "nosniff",
            "X-Frame-Options", "DENY",
            "Referrer-Policy", "no-referrer",
            "Strict-Transport-Security", "max-age=31536000");

    /** What Quarkus serves itself in development, such as Swagger UI, needs scripts. */
    private static final String TOOLS = "/q/";

    /** Key under which the access room leaves the name of the caller for the log line. */
    public static final String ACTOR_KEY = "analytics.actor";

    private final ObjectMapper json;
    private final Strangers strangers;
    private final Endpoints endpoints;
    private final long bodyBytesMax;

    HttpRoutes(ObjectMapper json, HttpConfig config, Strangers strangers, Endpoints endpoints) {
        SlowRequestGuard.allow(config.arrivalMax());
        this.json = json;
        this.strangers = strangers;
        this.endpoints = endpoints;
        this.bodyBytesMax = config.bodyBytesMax();
    }

    void register(@Observes Router router) {
        router.route().order(Integer.MIN_VALUE).handler(this::begin).failureHandler(this::fail);
        router.route().order(Integer.MAX_VALUE).handler(this::refuseUnmatched);
    }

    private void begin(RoutingContext request) {
        long startNanos = System.nanoTime();
        request.response().putHeader(RequestIds.HEADER, RequestIds.requestId(request));
        SAFETY.forEach(request.response()::putHeader);
        if (!String.valueOf(request.request().path()).startsWith(TOOLS)) {
            request.response().putHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        }
        // Kept in the request's own context, which ends with it.
        MDC.put("requestId", RequestIds.requestId(request));
        MDC.put("traceId", RequestIds.traceId(request));
        request.addEndHandler(ended -> log(request, startNanos));
        if (!HttpMethods.isKnown(request.request().method().name())) {
            refuse(request, 501);
        } else if (!isDecodable(request.request().uri())) {
            refuse(request, 400);
        } else if (announcesTooMuch(request)) {
            // The rest of the body would be read as the next request.
            request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
            refuse(request, 413);
        } else {
            request.next();
        }
    }

    /** {@link BodyLimit} counts bodies that announce no length. */
    private boolean announcesTooMuch(RoutingContext request) {
        String length = request.request().getHeader(HttpHeaders.CONTENT_LENGTH);
        return length != null && Long.parseUnsignedLong(length) > bodyBytesMax;
    }

    /** Quarkus would refuse others, too, but without a problem+json; the main class has switched that off. */
    private static boolean isDecodable(String uri) {
        try {
            return new URI(uri).getRawPath() != null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static void log(RoutingContext request, long startNanos) {
        HttpServerResponse response = request.response();
        Object actor = request.get(ACTOR_KEY);
        ACCESS.infof(
                "event=request method=%s path=%s status=%d bytes=%d durationMs=%d actor=%s requestId=%s traceId=%s%s",
                HttpMethods.label(request.request().method().name()),
                LogText.quoted(request.request().path()),
                response.getStatusCode(),
                response.bytesWritten(),
                (System.nanoTime() - startNanos) / 1_000_000,
                LogText.quoted(actor == null ? "-" : actor.toString()),
                RequestIds.requestId(request),
                RequestIds.traceId(request),
                response.ended() ? "" : " aborted=true");
    }

    private void fail(RoutingContext request) {
        int status = request.statusCode() < 400 ? 500 : request.statusCode();
        if (request.failure() instanceof Failure failure) {
            status = ProblemMapper.status(failure);
        }
        if (status >= 500) {
            LOG.errorf(
                    request.failure(),
                    "event=request_failed path=%s traceId=%s",
                    LogText.quoted(request.request().path()),
                    RequestIds.traceId(request));
        }
        problem(request, status);
    }

    private void refuseUnmatched(RoutingContext request) {
        Optional<String> allow = endpoints.allowedInstead(request);
        allow.ifPresent(methods -> request.response().putHeader(HttpHeaders.ALLOW, methods));
        refuse(request, allow.isPresent() ? 405 : 404);
    }

    /** Answers what is refused before a credential is looked at. */
    private void refuse(RoutingContext request, int status) {
        try {
            strangers.refuse(request);
            problem(request, status);
        } catch (Failure.TooManyRequests tooMany) {
            request.response()
                    .putHeader(HttpHeaders.RETRY_AFTER, Long.toString(ProblemMapper.seconds(tooMany.retryAfter())));
            problem(request, 429, tooMany.getMessage());
        }
    }

    private void problem(RoutingContext request, int status) {
        problem(request, status, ProblemMapper.describe(status, request));
    }

    private void problem(RoutingContext request, int status, String detail) {
        HttpServerResponse response = request.response();
        if (response.ended()) {
            return;
        }
        if (response.headWritten()) {
            response.reset();
            return;
        }
        String path = request.request().path();
        Problem problem = Problem.of(status, detail, path == null ? "/" : path, RequestIds.traceId(request), List.of());
        try {
            response.setStatusCode(status)
                    .putHeader(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE)
                    .end(json.writeValueAsString(problem));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a problem can always be written", e);
        }
    }
}
