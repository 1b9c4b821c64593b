package io.inference.analytics.bills;

import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderClient;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.OffsetDateTime;

/** Names of workspaces, keys and people, as the providers last told them. */
@ApplicationScoped
class DirectoryStore {

    private static final String WORKSPACE =
            """
            insert into analytics.provider_workspace (workspace_id, organization_id, name, display_color, created_at, archived_at, last_updated)
            values (?, ?, ?, ?, ?, ?, ?)
            on conflict (workspace_id) do update set organization_id = excluded.organization_id, name = excluded.name,
                display_color = excluded.display_color, created_at = excluded.created_at, archived_at = excluded.archived_at,
                last_updated = excluded.last_updated
            """;

    private static final String KEY =
            """
            insert into analytics.provider_api_key (api_key_id, organization_id, name, partial_key_hint, workspace_id, created_at, status,
                created_by_user_id, last_updated)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (api_key_id) do update set organization_id = excluded.organization_id, name = excluded.name,
                partial_key_hint = excluded.partial_key_hint, workspace_id = excluded.workspace_id, created_at = excluded.created_at,
                status = excluded.status, created_by_user_id = excluded.created_by_user_id, last_updated = excluded.last_updated
            """;

    private static final String PERSON =
            """
            insert into analytics.provider_user (provider, user_id, email, name, role, is_active, last_updated)
            values (?, ?, ?, ?, ?, ?, ?)
            on conflict (provider, user_id) do update set email = excluded.email, name = excluded.name, role = excluded.role,
                is_active = excluded.is_active, last_updated = excluded.last_updated
            """;

    /** Adds and changes; what a provider tells no more stays, as bills of the past name it. */
    void store(
            Connection connection,
            Provider provider,
            String orgRef,
            ProviderClient.Directory directory,
            OffsetDateTime at)
            throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(WORKSPACE)) {
            for (ProviderClient.Workspace workspace : directory.workspaces()) {
                insert.setString(1, workspace.id());
                insert.setString(2, orgRef);
                insert.setString(3, workspace.name() == null ? workspace.id() : workspace.name());
                insert.setString(4, workspace.color());
                insert.setObject(5, workspace.createdAt());
                insert.setObject(6, workspace.archivedAt());
                insert.setObject(7, at);
                insert.addBatch();
            }
            insert.executeBatch();
        }
        try (PreparedStatement insert = connection.prepareStatement(KEY)) {
            for (ProviderClient.ApiKey key : directory.keys()) {
                insert.setString(1, key.id());
                insert.setString(2, orgRef);
                insert.setString(3, key.name() == null ? key.id() : key.name());
                insert.setString(4, key.hint());
                insert.setString(5, key.workspaceId());
                insert.setObject(6, key.createdAt());
                insert.setString(7, key.status());
                insert.setString(8, key.createdBy());
                insert.setObject(9, at);
                insert.addBatch();
            }
            insert.executeBatch();
        }
        try (PreparedStatement insert = connection.prepareStatement(PERSON)) {
            for (ProviderClient.Person person : directory.people()) {
                insert.setString(1, provider.wireName());
                insert.setString(2, person.id());
                insert.setString(3, person.email());
                insert.setString(4, person.name());
                insert.setString(5, person.role());
                insert.setBoolean(6, person.active());
                insert.setObject(7, at);
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }
}
