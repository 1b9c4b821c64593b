package io.inference.analytics.attribution;

import io.inference.analytics.bills.DayImport;
import io.inference.analytics.provider.WorkspaceRef;
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
            insert into analytics.workspace_report (workspace_id, organization_id, included, entered_by, entered_at) values (?, ?, ?, ?, ?)
            on conflict (workspace_id, organization_id) do update set included = excluded.included, entered_by = excluded.entered_by,
                entered_at = excluded.entered_at
            """;

    private final DataSource dataSource;
    private final Clock clock;

    public WorkspaceReports(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /** Shows a workspace or leaves it out. */
    public void show(WorkspaceRef workspace, boolean included, String by) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement set = connection.prepareStatement(SET)) {
            set.setString(1, workspace.id());
            set.setString(2, workspace.organization());
            set.setBoolean(3, included);
            set.setString(4, by);
            set.setObject(5, DayImport.utc(clock.instant()));
            set.executeUpdate();
        }
        LOG.infof("event=workspace_report_set actor=\"%s\" workspace=\"%s\" included=%s", by, workspace, included);
    }
}
