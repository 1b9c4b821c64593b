package io.inference.analytics.providers;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/** Which workspaces reports leave out. Nothing else does: imports and totals hold them all. */
@ApplicationScoped
public class WorkspaceReports {

    private static final Logger LOG = Logger.getLogger(WorkspaceReports.class);

    private static final String SET =
            """
            insert into analytics.workspace_report (workspace_id, included, entered_by, entered_at) values (?, ?, ?, ?)
            on conflict (workspace_id) do update set included = excluded.included, entered_by = excluded.entered_by,
                entered_at = excluded.entered_at
            """;

    private final DataSource dataSource;
    private final Clock clock;

    WorkspaceReports(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /**
     * Shows a workspace or leaves it out.
     *
     * @param workspace its id, or {@code default} for the one without
     */
    public void show(String workspace, boolean included, String by) throws SQLException {
        String id = workspace.equals("default") ? ProviderMappings.DEFAULT_WORKSPACE : workspace;
        try (Connection connection = dataSource.getConnection();
                PreparedStatement set = connection.prepareStatement(SET)) {
            set.setString(1, id);
            set.setBoolean(2, included);
            set.setString(3, by);
            set.setObject(4, ImportStore.utc(clock.instant()));
            set.executeUpdate();
        }
        LOG.infof(
                "event=workspace_report_set actor=\"%s\" workspace=\"%s\" included=%s",
                by, id.replaceAll("[^ !#-~]", "?"), included);
    }
}
