package io.inference.analytics.attribution;

import io.inference.analytics.provider.WorkspaceRef;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Jdbi;

/**
 * The workspaces that reports leave out. Only reports do so: imports and totals contain all
 * workspaces.
 */
@ApplicationScoped
public class WorkspaceReports {

    private static final Logger LOG = Logger.getLogger(WorkspaceReports.class);

    private static final String SET =
            """
            insert into analytics.workspace_report (workspace_id, organization_id, included, entered_by, entered_at)
            values (:id, :org, :included, :by, :now)
            on conflict (workspace_id, organization_id) do update set included = excluded.included, entered_by = excluded.entered_by,
                entered_at = excluded.entered_at
            """;

    private final Jdbi jdbi;
    private final Clock clock;

    public WorkspaceReports(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /** Shows a workspace in reports or leaves it out. */
    public void show(WorkspaceRef workspace, boolean included, String by) {
        jdbi.useHandle(handle -> handle.createUpdate(SET)
                .bind("id", workspace.id())
                .bind("org", workspace.organization())
                .bind("included", included)
                .bind("by", by)
                .bind("now", clock.instant())
                .execute());
        LOG.infof("event=workspace_report_set actor=\"%s\" workspace=\"%s\" included=%s", by, workspace, included);
    }
}
