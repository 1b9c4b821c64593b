package io.inference.analytics.attribution;

import io.inference.analytics.bills.DayImport;
import io.inference.analytics.provider.WorkspaceRef;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.LocalDate;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Says which of our organisations a provider's workspace or key works for, from a day on. What is billed for it is that
 * organisation's from then on, and only its; nothing has to be derived anew, as bills are looked at through the entries.
 */
@ApplicationScoped
public class OrgMappings {

    private static final Logger LOG = Logger.getLogger(OrgMappings.class);

    private static final String SET =
            """
            insert into analytics.provider_org_mapping (kind, id, organization_id, valid_from, org_id, entered_by, entered_at)
            values (?, ?, ?, ?, ?, ?, ?)
            on conflict (kind, id, organization_id, valid_from) do update set org_id = excluded.org_id, entered_by = excluded.entered_by,
                entered_at = excluded.entered_at
            """;

    private final DataSource dataSource;
    private final Clock clock;

    public OrgMappings(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /**
     * Gives a workspace, but for its keys that have entries of their own.
     *
     * @param org empty: it works for none alone
     */
    public void mapWorkspace(WorkspaceRef workspace, Optional<UUID> org, LocalDate from, String by)
            throws SQLException {
        set("workspace", workspace, org, from, by);
    }

    /**
     * Gives a key.
     *
     * @param key its id; names of keys are not unique, so money does not follow them
     * @param org empty: it works for none alone, whatever its workspace does
     */
    public void mapKey(String key, Optional<UUID> org, LocalDate from, String by) throws SQLException {
        set("key", new WorkspaceRef(key, ""), org, from, by);
    }

    private void set(String kind, WorkspaceRef subject, Optional<UUID> org, LocalDate from, String by)
            throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement insert = connection.prepareStatement(SET)) {
            insert.setString(1, kind);
            insert.setString(2, subject.id());
            insert.setString(3, subject.organization());
            insert.setObject(4, from);
            insert.setObject(5, org.orElse(null), java.sql.Types.OTHER);
            insert.setString(6, by);
            insert.setObject(7, DayImport.utc(clock.instant()));
            insert.executeUpdate();
        }
        LOG.infof(
                "event=org_mapped actor=\"%s\" kind=%s id=\"%s\" orgId=%s from=%s",
                by, kind, subject, org.map(UUID::toString).orElse("none"), from);
    }
}
