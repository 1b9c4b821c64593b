package io.inference.analytics.cli;

import static io.inference.analytics.cli.ProvidersCommands.BY;

import io.inference.analytics.attribution.MappingQuality;
import io.inference.analytics.attribution.OrgMappings;
import io.inference.analytics.attribution.ProviderMappings;
import io.inference.analytics.attribution.ProviderMappings.KeyMapping;
import io.inference.analytics.attribution.ProviderMappings.KeyNotes;
import io.inference.analytics.attribution.Tool;
import io.inference.analytics.attribution.UnmappedCosts;
import io.inference.analytics.attribution.WorkspaceReports;
import io.inference.analytics.bills.ProviderOrganizations;
import io.inference.analytics.provider.WorkspaceName;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code providers map-…}, {@code report-workspace} and {@code mappings …}: whose costs the bills are. */
final class ProviderMappingCommands {

    private ProviderMappingCommands() {}

    /** {@code --from} of what applies from a day on. */
    static final class FirstDay {

        @Option(names = "--from", required = true, paramLabel = "DATE", description = "The first UTC day.")
        LocalDate from;
    }

    /** {@code --platform} of what a person maps; Cursor's bills name their users. */
    static final class Platform {

        @Option(
                names = "--platform",
                required = true,
                paramLabel = "P",
                description = "claude_code, claude_api or claude_ai; for a key also openai_api.")
        Tool platform;
    }

    @Dependent
    @Command(
            name = "map-workspace",
            description = "Sets what a workspace is used for from a day on; the days since then are derived again.")
    static class MapWorkspace implements ServiceCommand.Change {

        @Mixin
        ProviderOptions.Workspace workspace;

        @Mixin
        Platform used;

        @Mixin
        FirstDay day;

        @Inject
        ProviderMappings mappings;

        @Inject
        ProviderOrganizations organizations;

        @Override
        public void validate() {
            workspace.name();
        }

        @Override
        public int run(PrintWriter out) {
            int days = mappings.mapWorkspace(organizations.workspace(workspace.name()), used.platform, day.from, BY);
            out.printf(
                    "workspace %s is %s from %s; days derived again: %d%n",
                    workspace.name(), used.platform.wireName(), day.from, days);
            return 0;
        }
    }

    @Dependent
    @Command(
            name = "map-key",
            description =
                    "Sets what a key is used for and by whom from a day on; the days since then are derived again.")
    static class MapKey implements ServiceCommand.Change {

        @Option(
                names = "--key",
                required = true,
                paramLabel = "ID",
                converter = ProviderOptions.KeyName.class,
                description = "Id (apikey_…, of OpenAI key_…) or name; never the key itself.")
        String key;

        @Mixin
        Platform used;

        @Option(
                names = "--email",
                paramLabel = "E",
                converter = ProviderOptions.Email.class,
                description = "The address of the key's owner.")
        Optional<String> email;

        @Option(
                names = "--team",
                paramLabel = "T",
                converter = ProviderOptions.Text.class,
                description = "The team that the costs belong to.")
        Optional<String> team;

        @Option(
                names = "--environment",
                paramLabel = "NAME",
                converter = ProviderOptions.Text.class,
                description = "Such as production; a note that changes no figure.")
        Optional<String> environment;

        @Option(
                names = "--cost-center",
                paramLabel = "ID",
                converter = ProviderOptions.Text.class,
                description = "A note that changes no figure.")
        Optional<String> costCenter;

        @Option(
                names = "--description",
                paramLabel = "TEXT",
                converter = ProviderOptions.Text.class,
                description = "A note that changes no figure.")
        Optional<String> description;

        @Mixin
        FirstDay day;

        @Inject
        ProviderMappings mappings;

        @Override
        public int run(PrintWriter out) {
            int days = mappings.mapKey(
                    new KeyMapping(
                            key,
                            Optional.of(used.platform),
                            email,
                            team,
                            KeyMapping.ENTERED_CONFIDENCE,
                            day.from,
                            new KeyNotes("manual_entry", environment, costCenter, description)),
                    BY);
            out.printf("key %s is %s from %s; days derived again: %d%n", key, used.platform.wireName(), day.from, days);
            return 0;
        }
    }

    @Dependent
    @Command(
            name = "map-org",
            description = {
                "Sets which organisation a workspace, project or key works for, from a day on.",
                "What the provider bills for it is the BilledCost of that organisation's exports in format focus."
            })
    static class MapOrg implements ServiceCommand.Change {

        /** Exactly one of the two. */
        static final class Subject {

            @Option(
                    names = "--workspace",
                    required = true,
                    paramLabel = "ID",
                    description =
                            "Id of a workspace or of a project of OpenAI, or default for the workspace without an id (of OpenAI: "
                                    + "charges without a project): all its keys that have no entry of their own.")
            Optional<String> workspace;

            @Option(
                    names = "--key",
                    required = true,
                    paramLabel = "ID",
                    converter = ProviderOptions.KeyId.class,
                    description = "Id of a key (apikey_… or key_…); never the key itself.")
            Optional<String> key;
        }

        @ArgGroup(multiplicity = "1")
        Subject subject;

        @Mixin
        ProviderOptions.Organization of;

        @Option(
                names = "--org",
                required = true,
                paramLabel = "UUID",
                converter = ProviderOptions.OrgOrNone.class,
                description = "The organisation, or none where it works for no single one.")
        Optional<UUID> org;

        @Mixin
        FirstDay day;

        @Inject
        OrgMappings mappings;

        @Inject
        ProviderOrganizations organizations;

        private Optional<WorkspaceName> workspace() {
            return subject.workspace.map(id -> new WorkspaceName(id, of.organization));
        }

        @Override
        public void validate() {
            workspace();
        }

        @Override
        public int run(PrintWriter out) {
            workspace()
                    .ifPresentOrElse(
                            name -> mappings.mapWorkspace(organizations.workspace(name), org, day.from, BY),
                            () -> mappings.mapKey(subject.key.orElseThrow(), org, day.from, BY));
            out.printf(
                    "%s works for %s from %s%n",
                    subject.key
                            .map(id -> "key " + id)
                            .orElseGet(() ->
                                    "workspace " + workspace().orElseThrow().id()),
                    org.map(UUID::toString).orElse("no single organisation"),
                    day.from);
            return 0;
        }
    }

    @Dependent
    @Command(
            name = "report-workspace",
            description = {
                "Sets whether reports show a workspace: vw_reported_daily_costs, and provider-costs?reported=true.",
                "Imports, totals and all other views contain every workspace, so that they match the provider's own figures."
            })
    static class ReportWorkspace implements ServiceCommand.Change {

        @Mixin
        ProviderOptions.Workspace workspace;

        @Option(
                names = "--show",
                required = true,
                paramLabel = "yes|no",
                description = "yes (as before any entry) or no.")
        ProviderOptions.YesNo show;

        @Inject
        WorkspaceReports reports;

        @Inject
        ProviderOrganizations organizations;

        @Override
        public void validate() {
            workspace.name();
        }

        @Override
        public int run(PrintWriter out) {
            boolean shown = show == ProviderOptions.YesNo.YES;
            reports.show(organizations.workspace(workspace.name()), shown, BY);
            out.printf("workspace %s is %s%n", workspace.name(), shown ? "reported" : "left out of reports");
            return 0;
        }
    }

    /** {@code providers mappings …}. */
    @Command(
            name = "mappings",
            description = "Mappings of keys to platforms, users and teams.",
            subcommands = {ImportMappings.class, Todo.class, Quality.class})
    static final class MappingsGroup {}

    @Dependent
    @Command(
            name = "import",
            description =
                    "Imports mappings from a CSV file with the columns key, platform, email, team, from; all or none.")
    static class ImportMappings implements ServiceCommand.Change {

        @Parameters(paramLabel = "FILE.csv", description = "UTF-8, with a header.")
        Path file;

        @Inject
        ProviderMappings mappings;

        @Override
        public int run(PrintWriter out) {
            out.printf("mappings taken: %d%n", mappings.importCsv(file, BY));
            return 0;
        }
    }

    @Dependent
    @Command(
            name = "todo",
            description = {
                "Lists the workspaces and keys with costs that are not mapped, the most expensive first.",
                "Costs more than 400 days before the newest import are left out.",
                "Then lists billed models whose name nearly is one of this service's, which the reconciliation does not "
                        + "compare: set it with 'catalog model --provider-model'."
            })
    static class Todo implements ServiceCommand {

        @Inject
        UnmappedCosts costs;

        @Override
        public int run(PrintWriter out) {
            var unmapped = costs.list();
            unmapped.forEach(entry -> print(entry, out));
            costs.nearModels().forEach(entry -> print(entry, out));
            out.printf("unmapped: %d%n", unmapped.size());
            return 0;
        }

        private static void print(UnmappedCosts.Unmapped entry, PrintWriter out) {
            out.printf(
                    "%s\t%s\t%s\t%s to %s\t%s USD%n",
                    entry.kind(),
                    entry.id(),
                    entry.name().orElse("-"),
                    entry.first(),
                    entry.last(),
                    ProvidersCommands.plain(entry.amountUsd()));
        }
    }

    @Dependent
    @Command(
            name = "quality",
            description = {
                "Grades the mappings of keys and lists what is odd about them. Exits with 1 if they need attention.",
                "Odd are keys that the provider does not list, users of more than three keys, platforms other than the "
                        + "expected ones, and addresses of foreign domains."
            })
    static class Quality implements ServiceCommand {

        private static final BigDecimal PERCENT = new BigDecimal(100);

        @Inject
        MappingQuality mappings;

        @Override
        public int run(PrintWriter out) {
            MappingQuality.Report report = mappings.report();
            report.warnings()
                    .forEach(warning ->
                            out.printf("warning\t%s\t%s\t%s%n", warning.kind(), warning.subject(), warning.detail()));
            out.printf(
                    "%s: %d of %d keys used in 31 days are mapped (%s %%), %d invalid mappings%n",
                    report.grade(),
                    report.keysMapped(),
                    report.keysUsed(),
                    report.coverage().multiply(PERCENT).setScale(1, RoundingMode.HALF_UP),
                    report.invalid());
            out.printf(
                    "confidence of the costs: %s in the mean%s; %s USD below 0.8%n",
                    report.meanConfidence().setScale(3, RoundingMode.HALF_UP),
                    report.wantsMappings() ? " (add mappings; expected: 0.95)" : "",
                    ProvidersCommands.plain(report.lowConfidenceUsd()));
            return report.fine() ? 0 : 1;
        }
    }
}
