package io.inference.analytics.provider;

import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.sql.DataSource;

/** Which of a provider's organisations is meant where nothing else says it. Costs of two are never taken for one another's. */
@ApplicationScoped
public class ProviderOrganizations {

    private static final String IMPORTED =
            "select distinct org_ref from analytics.provider_import_day where provider = ? order by org_ref";

    private final ProvidersConfig config;
    private final DataSource dataSource;

    public ProviderOrganizations(ProvidersConfig config, DataSource dataSource) {
        this.config = config;
        this.dataSource = dataSource;
    }

    /**
     * The organisation that was named; else that of ANTHROPIC_ORGANIZATION_ID, or the team of analytics.providers.cursor-team; else the
     * only one that was imported.
     *
     * @return empty when none is known yet
     * @throws Failure.Invalid when it could be any of several
     */
    public Optional<String> of(Provider provider, Optional<String> named) throws SQLException {
        List<String> imported = imported(provider);
        Optional<String> wanted = named.or(() -> switch (provider) {
            case ANTHROPIC -> config.anthropicOrganization().map(String::strip).filter(id -> !id.isEmpty());
            case CURSOR -> ProviderClients.cursorTeam(config);
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
                    "--organization",
                    "--organization: missing (expected: one of %s)".formatted(String.join(", ", imported)));
        }
        return imported.stream().findFirst();
    }

    /**
     * A workspace as people name it.
     *
     * @param workspace its id, or {@code default} for the one without
     * @param named the organisation of the one without
     * @throws Failure.Invalid when several organisations have one and none is named
     */
    public WorkspaceRef workspace(String workspace, Optional<String> named) throws SQLException {
        WorkspaceRef plain = WorkspaceRef.of(workspace);
        if (!plain.id().equals(WorkspaceRef.DEFAULT)) {
            return plain;
        }
        return new WorkspaceRef(plain.id(), of(Provider.ANTHROPIC, named).orElse(""));
    }

    private List<String> imported(Provider provider) throws SQLException {
        List<String> imported = new ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(IMPORTED)) {
            select.setString(1, provider.wireName());
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    imported.add(row.getString(1));
                }
            }
        }
        return imported;
    }
}
