package io.inference.analytics.devtools;

/** What can go wrong with a provider's answer. */
public enum Fault {
    RATE_LIMITED,
    RATE_LIMITED_WITH_RETRY_AFTER,
    SERVER_ERROR,
    OVERLOADED,
    NO_ANSWER,
    BROKEN_JSON,
    CUT,
    /** More pages are promised, but there is no token. */
    LOST_PAGE,
    /** The token of the page at hand again. */
    SAME_PAGE,
    FORBIDDEN,
    /** A page of a proxy, with status 200. */
    HTML,
    /** Compressed, although no request asks for it: a thousand times larger when unpacked. */
    GZIP,
    /** More than any answer may have. */
    HUGE,
    /** The answer, with one field twice. */
    DOUBLED_FIELD,
    /** To the fake's own address by another name. */
    REDIRECT
}
