package io.inference.analytics.cli;

import io.inference.analytics.attribution.OrgMappings;
import io.inference.analytics.bills.ProviderOrganizations;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Uuids;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code providers map-org}. */
@Dependent
@Command(
        name = "map-org",
        description = {
            "Says which organisation a workspace or a key works for, from a day on.",
            "What the provider bills for it is the BilledCost of that organisation's exports in format focus."
        })
class ProvidersMapOrgCommand implements ServiceCommand {

    /** One of the two. */
    static final class Subject {
        @Option(
                names = "--workspace",
                required = true,
                paramLabel = "ID",
                description = "Id of a workspace, or default for the one without: all its keys that have no entry.")
        String workspace;

        @Option(
                names = "--key",
                required = true,
                paramLabel = "ID",
                description = "Id of a key (apikey_…); never the key itself.")
        String key;
    }

    @ArgGroup(exclusive = true, multiplicity = "1")
    Subject subject;

    @Mixin
    OrganizationOption organization;

    @Option(
            names = "--org",
            required = true,
            paramLabel = "UUID",
            description = "The organisation, or none where it works for no single one.")
    String org;

    @Mixin
    FirstDayOption from;

    @Inject
    OrgMappings mappings;

    @Inject
    ProviderOrganizations organizations;

    @Override
    public void validate() {
        from.get();
        org();
        if (subject.key != null && !subject.key.strip().matches("apikey_[A-Za-z0-9_-]+")) {
            // Not repeated: it may be the secret itself.
            throw new Failure.Invalid("--key", "--key: not the id of a key (expected: apikey_…)");
        }
        if (subject.workspace != null) {
            WorkspaceOption.check(subject.workspace, organization);
        }
    }

    private Optional<UUID> org() {
        if (org.equals("none")) {
            return Optional.empty();
        }
        return Optional.of(Uuids.parse(org)
                .orElseThrow(
                        () -> new Failure.Invalid("--org", "--org: %s (expected: a UUID, or none)".formatted(org))));
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        LocalDate day = from.get();
        String what;
        if (subject.key != null) {
            what = "key " + subject.key.strip();
            mappings.mapKey(subject.key.strip(), org(), day, ProviderArguments.BY);
        } else {
            what = "workspace " + subject.workspace.strip();
            mappings.mapWorkspace(
                    organizations.workspace(subject.workspace.strip(), organization.get()),
                    org(),
                    day,
                    ProviderArguments.BY);
        }
        out.printf("%s works for %s from %s%n", what, org().map(UUID::toString).orElse("no single organisation"), day);
        return 0;
    }
}
