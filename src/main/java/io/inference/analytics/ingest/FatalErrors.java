package io.inference.analytics.ingest;

import io.quarkus.runtime.Quarkus;
import jakarta.enterprise.context.ApplicationScoped;
import org.jboss.logging.Logger;

/** Ends the process with one line when going on would lose or repeat data. */
@ApplicationScoped
class FatalErrors {

    private static final Logger LOG = Logger.getLogger(FatalErrors.class);
    private volatile String message;

    /** The first reason counts; several readers may find the same. */
    synchronized void stop(String reason) {
        if (message != null) {
            return;
        }
        message = reason;
        LOG.fatalf("event=start_refused reason=\"%s\"", reason);
        Quarkus.asyncExit(1);
    }

    /** Why the process ends; null while it does not. */
    String message() {
        return message;
    }
}
