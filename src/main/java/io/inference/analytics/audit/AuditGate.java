package io.inference.analytics.audit;

import io.inference.analytics.access.RequestAudit;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.LogText;
import io.inference.analytics.web.ProblemMapper;
import io.inference.analytics.web.Streamed;
import io.vertx.ext.web.RoutingContext;
import jakarta.annotation.Priority;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.Provider;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;

/**
 * Holds every response back until its audit entries are committed. The commit usually happens while
 * the response is prepared. A request that changes something waits before it begins. When the
 * entries cannot be committed, the response is 503. Refusals reveal nothing and do not wait.
 */
@Provider
@Singleton
@Priority(Priorities.AUTHORIZATION)
class AuditGate implements ContainerRequestFilter, ContainerResponseFilter {

    private static final Logger LOG = Logger.getLogger(AuditGate.class);
    private static final Set<String> READING = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);
    private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

    private final RequestAudit audit;
    /** A provider, because filters are created before the settings can be read. */
    private final jakarta.inject.Provider<AuditConfig> config;

    @Inject
    RoutingContext request;

    AuditGate(RequestAudit audit, jakarta.inject.Provider<AuditConfig> config) {
        this.audit = audit;
        this.config = config;
    }

    @Override
    public void filter(ContainerRequestContext context) {
        if (!READING.contains(context.getMethod()) && !kept()) {
            throw unaudited();
        }
    }

    @Override
    public void filter(ContainerRequestContext context, ContainerResponseContext answer) {
        if (answer.getStatus() >= Response.Status.BAD_REQUEST.getStatusCode() || kept()) {
            return;
        }
        if (answer.getEntity() instanceof Streamed body) {
            body.close(false);
        }
        try (Response refusal = ProblemMapper.answer(unaudited(), request)) {
            answer.getHeaders().clear();
            refusal.getHeaders().forEach((name, values) -> answer.getHeaders().put(name, List.copyOf(values)));
            answer.setStatus(refusal.getStatus());
            answer.setEntity(refusal.getEntity(), null, refusal.getMediaType());
        }
    }

    private static Failure.Unavailable unaudited() {
        return new Failure.Unavailable("The audit log cannot be written at present.", RETRY_AFTER, null);
    }

    private boolean kept() {
        boolean required = config.get().required();
        try {
            Duration left = config.get().patience().minus(audit.age(request));
            audit.kept(request).get(required ? Math.max(0, left.toMillis()) : 0, TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            if (required) {
                LOG.warnf("event=unaudited path=%s cause=\"%s\"", LogText.quoted(request.normalizedPath()), e);
            }
            return !required;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
