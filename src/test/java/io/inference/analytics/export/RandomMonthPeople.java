package io.inference.analytics.export;

import io.inference.analytics.attribution.OrgMappings;
import io.inference.analytics.attribution.ProviderMappings.KeyMapping;
import io.inference.analytics.attribution.Tool;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.export.ExpectedBills.Entry;
import io.inference.analytics.provider.WorkspaceRef;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** What people enter about a {@link RandomMonth}: into the product, and for {@link ExpectedBills}. */
final class RandomMonthPeople {

    private final RandomMonth month;
    private final ProviderLab lab;
    private final OrgMappings owners;
    private final List<UUID> orgs;
    private final ExpectedBills expected;

    RandomMonthPeople(RandomMonth month, ProviderLab lab, OrgMappings owners, List<UUID> orgs) {
        this.month = month;
        this.lab = lab;
        this.owners = owners;
        this.orgs = orgs;
        this.expected = new ExpectedBills(month, Map.of(month.users.get(0), "red", month.users.get(1), "blue"));
    }

    ExpectedBills expected() {
        return expected;
    }

    private LocalDate day(int number) {
        return month.day(number);
    }

    /** Before the first import. */
    void enter() {
        for (int i = 0; i < 2; i++) {
            lab.database.execute(
                    "insert into analytics.provider_person (email, team, entered_by, entered_at) values ('%s', '%s', 'test', now())"
                            .formatted(
                                    month.users.get(i), List.of("red", "blue").get(i)));
        }
        String account = month.anthropic.get(0);
        mapWorkspace(new WorkspaceRef(month.workspace(account, 1), account), Tool.CLAUDE_CODE, day(1));
        mapKey(month.key(account, 2), Optional.of(Tool.CLAUDE_AI), Optional.of(month.users.get(2)), day(4));
        own(new WorkspaceRef(month.workspace(account, 1), ""), 0, day(1));
        own(new WorkspaceRef(month.project(1), ""), 0, day(1));
        own(new WorkspaceRef(month.workspace(month.anthropic.get(1), 1), ""), 1, day(1));
        own(new WorkspaceRef(month.project(2), ""), 0, day(1));
        ownKey(month.key(account, 0), 1, day(1));
    }

    /** Entries of which people think after the bill has come, with days in the past. */
    void enterLate() {
        String account = month.anthropic.get(1);
        mapWorkspace(new WorkspaceRef("(default)", account), Tool.CLAUDE_CODE, day(3));
        mapWorkspace(WorkspaceRef.of(month.workspace(account, 2)), Tool.CLAUDE_API, day(3));
        mapKey(month.key(account, 1), Optional.empty(), Optional.of(month.users.get(1)), day(3));
        mapKey(month.key(RandomMonth.OPENAI, 1), Optional.of(Tool.OPENAI_API), Optional.of(month.users.get(2)), day(4));
        own(new WorkspaceRef(month.workspace(account, 2), ""), 0, day(4));
        own(new WorkspaceRef("(default)", month.anthropic.get(0)), 1, day(1));
        ownKey(month.key(RandomMonth.OPENAI, 1), 1, day(4));
    }

    private void mapWorkspace(WorkspaceRef workspace, Tool tool, LocalDate from) {
        lab.mappings().mapWorkspace(workspace, tool, from, "test");
        String account = workspace.organization().isEmpty() ? null : workspace.organization();
        expected.with(new Entry(workspace.id(), account, from, tool.wireName(), null, null, null));
    }

    private void mapKey(String key, Optional<Tool> tool, Optional<String> user, LocalDate from) {
        lab.mappings()
                .mapKey(new KeyMapping(key, tool, user, Optional.empty(), KeyMapping.ENTERED_CONFIDENCE, from), "test");
        expected.with(new Entry(key, null, from, tool.map(Tool::wireName).orElse(null), user.orElse(null), null, null));
    }

    private void own(WorkspaceRef workspace, int org, LocalDate from) {
        owners.mapWorkspace(workspace, Optional.of(orgs.get(org)), from, "test");
        String account = workspace.organization().isEmpty() ? null : workspace.organization();
        expected.with(new Entry(workspace.id(), account, from, null, null, null, orgs.get(org)));
    }

    private void ownKey(String key, int org, LocalDate from) {
        owners.mapKey(key, Optional.of(orgs.get(org)), from, "test");
        expected.with(new Entry(key, null, from, null, null, null, orgs.get(org)));
    }
}
