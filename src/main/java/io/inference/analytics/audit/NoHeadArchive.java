package io.inference.analytics.audit;

import io.quarkus.arc.DefaultBean;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** For when no other room keeps heads; then only the log has them. */
@DefaultBean
@ApplicationScoped
class NoHeadArchive implements HeadArchive {

    @Override
    public boolean offered() {
        return false;
    }

    @Override
    public void keep(UUID chain, AuditHead head, Instant at) {
        throw new IllegalStateException("no archive is offered");
    }

    @Override
    public List<AuditHead> heads(UUID chain) {
        return List.of();
    }
}
