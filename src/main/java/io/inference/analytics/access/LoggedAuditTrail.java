package io.inference.analytics.access;

import io.quarkus.arc.DefaultBean;
import jakarta.enterprise.context.ApplicationScoped;
import org.jboss.logging.Logger;

/** Keeps decisions in the log only; gives way to any other trail. */
@DefaultBean
@ApplicationScoped
class LoggedAuditTrail implements AuditTrail {

    private static final Logger LOG = Logger.getLogger("io.inference.analytics.audit-log");

    @Override
    public void record(Decision decision) {
        // Denials show at the usual level; what was allowed stands in the access log too.
        LOG.logf(
                decision.outcome() == Outcome.DENIED ? Logger.Level.INFO : Logger.Level.DEBUG,
                "event=access outcome=%s action=%s actor=\"%s\" org=\"%s\" crossOrg=%s traceId=%s",
                decision.outcome(),
                decision.action(),
                harmless(decision.actor().orElse("-")),
                harmless(decision.org().orElse("-")),
                decision.crossOrg(),
                decision.traceId());
    }

    private static String harmless(String text) {
        return text.replaceAll("[^ !#-\\[\\]-~]", "?");
    }
}
