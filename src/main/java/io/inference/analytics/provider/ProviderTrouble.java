package io.inference.analytics.provider;

import java.io.Serial;
import java.time.Duration;
import java.util.Optional;

/**
 * A provider did not give a complete answer. People see the text and it is stored: it holds no
 * secret.
 */
public final class ProviderTrouble extends Exception {

    @Serial
    private static final long serialVersionUID = 1;

    private final String code;
    private final boolean retryable;
    private final transient Duration retryAfter;

    /** The code of an answer that is too large; one about fewer days may not be. */
    public static final String TOO_LARGE = "too_large";

    private ProviderTrouble(String code, String message, boolean retryable, Duration retryAfter) {
        super(Redaction.of(message), null, false, false);
        this.code = code;
        this.retryable = retryable;
        this.retryAfter = retryAfter;
    }

    /** The same request can succeed later. */
    static ProviderTrouble passing(String code, String message, Duration retryAfter) {
        return new ProviderTrouble(code, message, true, retryAfter);
    }

    static ProviderTrouble passing(String code, String message) {
        return passing(code, message, null);
    }

    /** A person has to change something first. */
    public static ProviderTrouble lasting(String code, String message) {
        return new ProviderTrouble(code, message, false, null);
    }

    /** A stable word for the kind of trouble, such as rate_limit_error. */
    public String code() {
        return code;
    }

    public boolean retryable() {
        return retryable;
    }

    /** How long the provider asks to wait. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
