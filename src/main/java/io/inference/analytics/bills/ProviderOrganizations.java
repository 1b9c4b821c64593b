package io.inference.analytics.bills;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderClients;
import io.inference.analytics.provider.ProvidersConfig;
import io.inference.analytics.provider.WorkspaceName;
import io.inference.analytics.provider.WorkspaceRef;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/**
 * Finds the organisation of a provider that a request means when it names none. Costs of two
 * organisations are never mixed up.
 */
@ApplicationScoped
public class ProviderOrganizations {

    private static final String IMPORTED =
            "select distinct org_ref from analytics.provider_import_day where provider = :provider order by org_ref";

    private final ProvidersConfig config;
    private final Jdbi jdbi;

    public ProviderOrganizations(ProvidersConfig config, Jdbi jdbi) {
        this.config = config;
        this.jdbi = jdbi;
    }

    /**
     * The named organisation; else that of ANTHROPIC_ORGANIZATION_ID, or the team of
     * analytics.providers.cursor-team; else the only one that was imported.
     *
     * @return empty when none is known yet
     * @throws Failure.Invalid when several are possible
     */
    public Optional<String> of(Provider provider, Optional<String> named) {
        List<String> imported = imported(provider);
        Optional<String> wanted = named.or(() -> switch (provider) {
            case ANTHROPIC -> config.anthropicOrganization().map(String::strip).filter(id -> !id.isEmpty());
            case CURSOR -> ProviderClients.cursorTeam(config);
            case OPENAI -> config.openaiOrganization().map(String::strip).filter(id -> !id.isEmpty());
            case CLAUDE_AI -> Optional.empty();
        });
        if (wanted.isPresent()) {
            return Optional.of(imported.stream()
                    .filter(wanted.get()::equalsIgnoreCase)
                    .findFirst()
                    .orElse(wanted.get().toLowerCase(Locale.ROOT)));
        }
        if (imported.size() > 1) {
            throw new Failure.Invalid(
                    "organization",
                    "organization: missing (expected: one of %s)".formatted(String.join(", ", imported)));
        }
        return imported.stream().findFirst();
    }

    /**
     * The workspace that a person means.
     *
     * @throws Failure.Invalid when several organisations have a default workspace and none is named
     */
    public WorkspaceRef workspace(WorkspaceName name) {
        WorkspaceRef plain = WorkspaceRef.of(name.id());
        if (!plain.id().equals(WorkspaceRef.DEFAULT)) {
            return plain;
        }
        return new WorkspaceRef(
                plain.id(), of(Provider.ANTHROPIC, name.organization()).orElse(""));
    }

    private List<String> imported(Provider provider) {
        return jdbi.withHandle(handle -> handle.createQuery(IMPORTED)
                .bind("provider", provider)
                .mapTo(String.class)
                .list());
    }
}
