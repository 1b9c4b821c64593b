package io.inference.analytics.access;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigUtils;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * Refuses to start without access checks in production, and with token settings that cannot work. A
 * process that opens no port (the command line) needs none of these settings.
 */
@ApplicationScoped
class AccessStartUpCheck {

    private static final Logger LOG = Logger.getLogger(AccessStartUpCheck.class);

    private final boolean listens;

    AccessStartUpCheck(@ConfigProperty(name = "quarkus.http.host-enabled", defaultValue = "true") boolean listens) {
        this.listens = listens;
    }

    void check(@Observes StartupEvent event, AccessConfig config) {
        if (!listens) {
            return;
        }
        if (!config.rbacEnabled()) {
            if (ConfigUtils.isProfileActive("prod")) {
                throw new IllegalArgumentException("ENABLE_RBAC is false (expected: true in profile prod)");
            }
            LOG.warn("event=rbac_disabled ENABLE_RBAC=false: every caller may do everything, without a credential");
        }
        // Checked here, because the bean is created by the first request: requests would fail
        // instead of the start.
        TokenAuthenticator.checkSettings(config);
    }
}
