package io.inference.analytics.attribution;

import io.inference.analytics.provider.WorkspaceRef;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.LocalDate;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Jdbi;

/**
 * Assigns workspaces and keys of a provider to organisations of this service, from a day on. Costs
 * of an assigned workspace or key then belong to that organisation exclusively.
 *
 * <p>Nothing is derived again, because bills are joined with these entries when they are read.
 */
@ApplicationScoped
public class OrgMappings {

    private static final Logger LOG = Logger.getLogger(OrgMappings.class);

    private static final String SET =
            """
            insert into analytics.provider_org_mapping (kind, id, organization_id, valid_from, org_id, entered_by, entered_at)
            values (:kind, :id, :providerOrg, :from, :org, :by, :now)
            on conflict (kind, id, organization_id, valid_from) do update set org_id = excluded.org_id, entered_by = excluded.entered_by,
                entered_at = excluded.entered_at
            """;

    private final Jdbi jdbi;
    private final Clock clock;

    public OrgMappings(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /**
     * Assigns a workspace, except for those of its keys that have entries of their own.
     *
     * @param org empty: it belongs to no single organisation
     */
    public void mapWorkspace(WorkspaceRef workspace, Optional<UUID> org, LocalDate from, String by) {
        set("workspace", workspace, org, from, by);
    }

    /**
     * Assigns a key.
     *
     * @param key its id; names of keys are not unique, so money does not follow them
     * @param org empty: it belongs to no single organisation, whatever its workspace does
     */
    public void mapKey(String key, Optional<UUID> org, LocalDate from, String by) {
        set("key", new WorkspaceRef(key, ""), org, from, by);
    }

    private void set(String kind, WorkspaceRef subject, Optional<UUID> org, LocalDate from, String by) {
        jdbi.useHandle(handle -> handle.createUpdate(SET)
                .bind("kind", kind)
                .bind("id", subject.id())
                .bind("providerOrg", subject.organization())
                .bind("from", from)
                .bind("org", org)
                .bind("by", by)
                .bind("now", clock.instant())
                .execute());
        LOG.infof(
                "event=org_mapped actor=\"%s\" kind=%s id=\"%s\" orgId=%s from=%s",
                by, kind, subject, org.map(UUID::toString).orElse("none"), from);
    }
}
