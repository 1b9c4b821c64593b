package io.inference.analytics.platform;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * The few ways in which a request can fail on purpose. Rooms throw them, one mapper turns them into problem+json; nothing
 * here knows HTTP. Messages are shown to the caller, so they hold no secret and no other organisation's data.
 */
public abstract sealed class Failure extends RuntimeException {

    private Failure(String message, Throwable cause) {
        // No stack trace: these are answers, not bugs. A cause keeps its own.
        super(message, cause, false, cause != null);
    }

    /**
     * One fault of the caller's input.
     *
     * @param field parameter or JSON field, as the caller wrote it; a path such as {@code timeRange.start} inside a body
     * @param message what is wrong and what is expected
     */
    @Schema(name = "FieldError", description = "One fault of a request")
    public record FieldError(
            @Schema(description = "Parameter or JSON field, such as timeRange.start; empty for the whole body")
                    String field,
            @Schema(description = "What is wrong and what is expected") String message) {}

    /** The input breaks rules; carries every fault that was found. */
    public static final class Invalid extends Failure {

        /** A detail is for people; all faults stand in the list. */
        private static final int SUMMARIZED_MAX = 3;

        private final transient List<FieldError> errors;

        public Invalid(List<FieldError> errors) {
            this(summary(errors), errors);
        }

        public Invalid(String detail, List<FieldError> errors) {
            super(detail, null);
            this.errors = List.copyOf(errors);
        }

        private static String summary(List<FieldError> errors) {
            if (errors.size() == 1) {
                return errors.get(0).message();
            }
            String first = errors.stream()
                    .limit(SUMMARIZED_MAX)
                    .map(FieldError::message)
                    .collect(Collectors.joining("; "));
            int more = errors.size() - SUMMARIZED_MAX;
            return errors.size() + " faults: " + first + (more > 0 ? "; and " + more + " more" : "");
        }

        public Invalid(String field, String message) {
            this(List.of(new FieldError(field, message)));
        }

        public List<FieldError> errors() {
            return errors;
        }
    }

    /** No credential, or one that does not hold. */
    public static final class Unauthorized extends Failure {
        public Unauthorized(String message) {
            super(message, null);
        }
    }

    /** The caller is known and may not. */
    public static final class Forbidden extends Failure {
        public Forbidden(String message) {
            super(message, null);
        }
    }

    /** There is no such thing, or none that the caller may know of. */
    public static final class NotFound extends Failure {
        public NotFound(String message) {
            super(message, null);
        }
    }

    /** The thing is not in a state that allows this. */
    public static final class Conflict extends Failure {
        public Conflict(String message) {
            super(message, null);
        }
    }

    /** The thing existed and no longer does. */
    public static final class Gone extends Failure {
        public Gone(String message) {
            super(message, null);
        }
    }

    /** The caller sent more than is taken. */
    public static final class TooLarge extends Failure {
        public TooLarge(String message) {
            super(message, null);
        }
    }

    /** None of the forms that the caller accepts is offered. */
    public static final class NotAcceptable extends Failure {
        public NotAcceptable(String message) {
            super(message, null);
        }
    }

    /** The caller asks too often. */
    public static final class TooManyRequests extends Failure {
        private final Duration retryAfter;

        public TooManyRequests(String message, Duration retryAfter) {
            super(message, null);
            this.retryAfter = retryAfter;
        }

        public Duration retryAfter() {
            return retryAfter;
        }
    }

    /** Something that we depend on does not answer; trying again later makes sense. */
    public static final class Unavailable extends Failure {
        private final Duration retryAfter;

        public Unavailable(String message, Duration retryAfter, Throwable cause) {
            super(message, cause);
            this.retryAfter = retryAfter;
        }

        public Duration retryAfter() {
            return retryAfter;
        }
    }
}
