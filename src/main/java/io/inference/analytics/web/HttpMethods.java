package io.inference.analytics.web;

import java.util.Set;

/** The methods of HTTP (RFC 9110, RFC 5789). Any other is called {@link #OTHER} in metrics and log: callers can make up millions. */
final class HttpMethods {

    static final String OTHER = "OTHER";

    private static final Set<String> KNOWN =
            Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE");

    private HttpMethods() {}

    static boolean isKnown(String method) {
        return KNOWN.contains(method);
    }

    static String label(String method) {
        return isKnown(method) ? method : OTHER;
    }
}
