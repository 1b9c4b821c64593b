package io.inference.analytics.web;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.vertx.ext.web.RoutingContext;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * The two names of a request: the trace id (of the tracing span where there is one, else made up here) and the request id that
 * the caller may choose by {@code X-Request-Id}. Both stand in the access log; the answer carries the request id, problems the
 * trace id.
 */
public final class RequestIds {

    static final String HEADER = "X-Request-Id";

    private static final String TRACE_KEY = RequestIds.class.getName() + ".trace";
    private static final String REQUEST_KEY = RequestIds.class.getName() + ".request";

    /** What may stand in a log line and a header without harm. */
    private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9._:/+=-]{1,128}");

    private RequestIds() {}

    /** The trace id of the request: 32 hexadecimal digits, the same at every call. */
    public static String traceId(RoutingContext request) {
        String known = request.get(TRACE_KEY);
        if (known == null) {
            SpanContext span = Span.current().getSpanContext();
            known = span.isValid() ? span.getTraceId() : random();
            request.put(TRACE_KEY, known);
        }
        return known;
    }

    /** The caller's X-Request-Id if it is harmless, else the trace id. */
    public static String requestId(RoutingContext request) {
        String known = request.get(REQUEST_KEY);
        if (known == null) {
            String given = request.request().getHeader(HEADER);
            known = given != null && SAFE.matcher(given).matches() ? given : traceId(request);
            request.put(REQUEST_KEY, known);
        }
        return known;
    }

    private static String random() {
        byte[] id = new byte[16];
        ThreadLocalRandom.current().nextBytes(id);
        return HexFormat.of().formatHex(id);
    }
}
