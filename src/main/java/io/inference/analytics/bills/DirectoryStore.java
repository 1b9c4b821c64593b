package io.inference.analytics.bills;

import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderClient;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collection;
import java.util.function.BiConsumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** Names of workspaces, keys and people, as the providers last sent them. */
@ApplicationScoped
class DirectoryStore {

    private static final String WORKSPACE =
            """
            insert into analytics.provider_workspace (workspace_id, organization_id, provider, name, display_color, created_at, archived_at, last_updated)
            values (:id, :org, :provider, coalesce(:name, :id), :color, :created, :archived, :now)
            on conflict (workspace_id) do update set organization_id = excluded.organization_id, provider = excluded.provider, name = excluded.name,
                display_color = excluded.display_color, created_at = excluded.created_at, archived_at = excluded.archived_at,
                last_updated = excluded.last_updated
            """;

    private static final String KEY =
            """
            insert into analytics.provider_api_key (api_key_id, organization_id, provider, name, partial_key_hint, workspace_id, created_at, status,
                created_by_user_id, last_updated)
            values (:id, :org, :provider, coalesce(:name, :id), :hint, :workspace, :created, :status, :createdBy, :now)
            on conflict (api_key_id) do update set organization_id = excluded.organization_id, provider = excluded.provider, name = excluded.name,
                partial_key_hint = excluded.partial_key_hint, workspace_id = excluded.workspace_id, created_at = excluded.created_at,
                status = excluded.status, created_by_user_id = excluded.created_by_user_id, last_updated = excluded.last_updated
            """;

    private static final String PERSON =
            """
            insert into analytics.provider_user (provider, user_id, email, name, role, is_active, last_updated)
            values (:provider, :id, :email, :name, :role, :active, :now)
            on conflict (provider, user_id) do update set email = excluded.email, name = excluded.name, role = excluded.role,
                is_active = excluded.is_active, last_updated = excluded.last_updated
            """;

    /**
     * Adds and changes entries. An entry that the provider no longer sends stays: old bills name
     * it.
     */
    void store(Handle handle, Provider provider, String orgRef, ProviderClient.Directory directory, Instant now) {
        store(handle, WORKSPACE, directory.workspaces(), (row, workspace) -> row.bind("id", workspace.id())
                .bind("org", orgRef)
                .bind("provider", provider)
                .bind("name", workspace.name())
                .bind("color", workspace.color())
                .bind("created", workspace.createdAt())
                .bind("archived", workspace.archivedAt())
                .bind("now", now));
        store(handle, KEY, directory.keys(), (row, key) -> row.bind("id", key.id())
                .bind("org", orgRef)
                .bind("provider", provider)
                .bind("name", key.name())
                .bind("hint", key.hint())
                .bind("workspace", key.workspaceId())
                .bind("created", key.createdAt())
                .bind("status", key.status())
                .bind("createdBy", key.createdBy())
                .bind("now", now));
        store(handle, PERSON, directory.people(), (row, person) -> row.bind("provider", provider)
                .bind("id", person.id())
                .bind("email", person.email())
                .bind("name", person.name())
                .bind("role", person.role())
                .bind("active", person.active())
                .bind("now", now));
    }

    private static <T> void store(
            Handle handle, String sql, Collection<T> entries, BiConsumer<PreparedBatch, T> binding) {
        if (entries.isEmpty()) {
            return;
        }
        try (PreparedBatch batch = handle.prepareBatch(sql)) {
            for (T entry : entries) {
                binding.accept(batch, entry);
                batch.add();
            }
            batch.execute();
        }
    }
}
