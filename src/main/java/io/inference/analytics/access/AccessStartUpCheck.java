package io.inference.analytics.access;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigUtils;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * Refuses to start with open doors in production, and with token settings that can not work. A process that opens no port at all
 * (the command line) has no doors and needs no such settings.
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
            LOG.warn("event=rbac_disabled ENABLE_RBAC=false: everybody may do everything, without a credential");
        }
        // Not left to the bean, which is made when it is first called: each request would fail instead of the start.
        TokenAuthenticator.checkSettings(config);
    }
}
