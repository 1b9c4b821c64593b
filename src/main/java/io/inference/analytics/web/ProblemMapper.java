package io.inference.analytics.web;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import io.inference.analytics.platform.LogText;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/**
 * The one place where failures become HTTP. What was not foreseen is logged with its trace id and answered with status 500 and
 * no word about what happened.
 */
public class ProblemMapper {

    private static final Logger LOG = Logger.getLogger(ProblemMapper.class);

    private final Strangers strangers;
    private final Endpoints endpoints;

    ProblemMapper(Strangers strangers, Endpoints endpoints) {
        this.strangers = strangers;
        this.endpoints = endpoints;
    }

    @ServerExceptionMapper
    Response failure(Failure failure, RoutingContext request) {
        return answer(failure, request);
    }

    @ServerExceptionMapper
    Response http(WebApplicationException error, RoutingContext request) {
        int status = error.getResponse().getStatus();
        if (status < 400) {
            return error.getResponse();
        }
        if (status >= 500) {
            return unknown(error, request).build();
        }
        try {
            strangers.refuse(request);
        } catch (Failure.TooManyRequests tooMany) {
            return answer(tooMany, request);
        }
        return endpoints
                .allowedInstead(request)
                .map(allow ->
                        problem(405, describe(405, request), List.of(), request).header("Allow", allow))
                .orElseGet(() -> problem(status, describe(status, request), List.of(), request))
                .build();
    }

    @ServerExceptionMapper
    Response other(Throwable error, RoutingContext request) {
        if (clientHasGone(error, request)) {
            // The answer is never read, and any caller could fill the log with traces.
            LOG.infof("event=client_gone path=%s traceId=%s", path(request), RequestIds.traceId(request));
            return problem(400, describe(400, request), List.of(), request).build();
        }
        return unknown(error, request).build();
    }

    /** Vert.x notifies the reader of the body before it marks the answer as closed. */
    private static boolean clientHasGone(Throwable error, RoutingContext request) {
        if (!(error instanceof IOException)) {
            return false;
        }
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof HttpClosedException) {
                return true;
            }
        }
        return request.response().closed();
    }

    /** The answer to a failure, for what answers outside of a resource method. */
    public static Response answer(Failure failure, RoutingContext request) {
        Response.ResponseBuilder answer = problem(status(failure), failure.getMessage(), errors(failure), request);
        retryAfter(failure).ifPresent(seconds -> answer.header(HttpHeaders.RETRY_AFTER.toString(), seconds));
        if (failure instanceof Failure.Unauthorized) {
            answer.header("WWW-Authenticate", "Bearer realm=\"analytics\"");
        }
        if (failure instanceof Failure.Unavailable && failure.getCause() != null) {
            // The message only: a stack trace a request would bury the log during an outage.
            LOG.warnf(
                    "event=unavailable path=%s traceId=%s cause=\"%s\"",
                    path(request), RequestIds.traceId(request), failure.getCause());
        }
        return answer.build();
    }

    static int status(Failure failure) {
        if (failure instanceof Failure.Invalid) {
            return 400;
        } else if (failure instanceof Failure.Unauthorized) {
            return 401;
        } else if (failure instanceof Failure.Forbidden) {
            return 403;
        } else if (failure instanceof Failure.NotFound) {
            return 404;
        } else if (failure instanceof Failure.NotAcceptable) {
            return 406;
        } else if (failure instanceof Failure.Conflict) {
            return 409;
        } else if (failure instanceof Failure.Gone) {
            return 410;
        } else if (failure instanceof Failure.TooLarge) {
            return 413;
        } else if (failure instanceof Failure.TooManyRequests) {
            return 429;
        } else {
            return 503;
        }
    }

    private static List<FieldError> errors(Failure failure) {
        return failure instanceof Failure.Invalid invalid ? invalid.errors() : List.of();
    }

    /** In whole seconds, at least one. */
    private static java.util.Optional<Long> retryAfter(Failure failure) {
        Duration wait;
        if (failure instanceof Failure.Unavailable unavailable) {
            wait = unavailable.retryAfter();
        } else if (failure instanceof Failure.TooManyRequests tooMany) {
            wait = tooMany.retryAfter();
        } else {
            return java.util.Optional.empty();
        }
        return java.util.Optional.of(seconds(wait));
    }

    static long seconds(Duration wait) {
        return Math.max(1, wait.plusMillis(999).toSeconds());
    }

    private static String path(RoutingContext request) {
        return LogText.quoted(request.normalizedPath());
    }

    private static Response.ResponseBuilder unknown(Throwable error, RoutingContext request) {
        LOG.errorf(error, "event=request_failed path=%s traceId=%s", path(request), RequestIds.traceId(request));
        return problem(
                500,
                "The request could not be answered. The service's log holds the cause; search it for the trace id.",
                List.of(),
                request);
    }

    private static Response.ResponseBuilder problem(
            int status, String detail, List<FieldError> errors, RoutingContext request) {
        return Response.status(status)
                .type(Problem.MEDIA_TYPE)
                .entity(Problem.of(status, detail, request.normalizedPath(), RequestIds.traceId(request), errors));
    }

    /** What JAX-RS and Vert.x refuse by themselves; their own texts name classes. */
    static String describe(int status, RoutingContext request) {
        return switch (status) {
            case 400 -> "The request could not be read.";
            case 401 -> "A valid credential is needed.";
            case 403 -> "This is not allowed.";
            case 404 -> "There is nothing at " + request.normalizedPath() + ".";
            case 405 -> "The method " + request.request().method() + " is not offered here.";
            case 406 -> "None of the accepted media types is offered here.";
            case 413 -> "The body is larger than this service takes.";
            case 414 -> "The address is longer than this service takes.";
            case 415 -> "This media type is not taken here.";
            case 501 -> "This is not a method of HTTP (expected: one such as GET or POST).";
            default -> "The request failed with HTTP status " + status + ".";
        };
    }
}
