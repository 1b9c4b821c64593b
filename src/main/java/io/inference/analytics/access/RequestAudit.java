package io.inference.analytics.access;

import io.inference.analytics.access.AuditTrail.Decision;
import io.inference.analytics.access.AuditTrail.Outcome;
import io.inference.analytics.platform.LogText;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jboss.logging.Logger;

/**
 * Records the decisions that are made while a request is answered. Decisions that are not committed
 * yet stay with the request, so that the response can wait for them while other work goes on.
 */
@ApplicationScoped
public class RequestAudit {

    private static final Logger LOG = Logger.getLogger("io.inference.analytics.audit-log");
    private static final String PENDING = RequestAudit.class.getName();
    private static final String BEGUN = PENDING + ".begun";

    private final AuditTrail trail;

    RequestAudit(AuditTrail trail) {
        this.trail = trail;
    }

    /** Hands the decision to the trail; see {@link #kept}. */
    public void record(RoutingContext request, Decision decision) {
        LOG.logf(
                decision.outcome() == Outcome.DENIED ? Logger.Level.INFO : Logger.Level.DEBUG,
                "event=access outcome=%s action=%s actor=\"%s\" org=\"%s\" crossOrg=%s traceId=%s",
                decision.outcome(),
                decision.action(),
                LogText.plain(decision.actor().orElse("-")),
                LogText.plain(decision.org().orElse("-")),
                decision.crossOrg(),
                decision.traceId());
        List<CompletableFuture<Void>> pending = request.get(PENDING);
        if (pending == null) {
            pending = new ArrayList<>(2);
            request.put(BEGUN, System.nanoTime());
            request.put(PENDING, pending);
        }
        pending.add(trail.record(decision).toCompletableFuture());
    }

    /**
     * Completes when all decisions about the request are committed; exceptionally when one cannot
     * be.
     */
    public CompletableFuture<Void> kept(RoutingContext request) {
        List<CompletableFuture<Void>> pending = request.get(PENDING);
        return pending == null
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.allOf(pending.toArray(CompletableFuture[]::new));
    }

    /** How long ago the first decision of the request was recorded; zero when there was none. */
    public Duration age(RoutingContext request) {
        Long begun = request.get(BEGUN);
        return begun == null ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - begun);
    }
}
