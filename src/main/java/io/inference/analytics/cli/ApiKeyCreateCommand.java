package io.inference.analytics.cli;

import io.inference.analytics.access.ApiKeys;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Uuids;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code apikey create}. */
@Dependent
@Command(
        name = "create",
        description = {
            "Makes a key and prints it: the first line of standard output is the key, which is stored nowhere.",
            "Example: apikey create --name report --org UUID --permission analytics:usage:read"
        })
class ApiKeyCreateCommand implements ServiceCommand {

    @Option(names = "--name", required = true, paramLabel = "NAME", description = "What it is for.")
    String name;

    @Option(names = "--org", paramLabel = "UUID", description = "An organisation that it is for (repeatable).")
    List<String> orgs = new ArrayList<>();

    @Option(names = "--all-orgs", description = "For every organisation there is, instead of --org.")
    boolean allOrgs;

    @Option(
            names = "--permission",
            required = true,
            paramLabel = "PERMISSION",
            description = "What it may do, such as analytics:usage:read (repeatable).")
    List<String> permissions = new ArrayList<>();

    @Option(names = "--expires", paramLabel = "TIME", description = "From then on it does not hold (default: never).")
    Instant expires;

    @Inject
    ApiKeys keys;

    @Override
    public void validate() {
        ids();
        if (allOrgs == !orgs.isEmpty()) {
            throw new Failure.Invalid(
                    "--org",
                    "--org: given %d times with --all-orgs %s (expected: one of the two)"
                            .formatted(orgs.size(), allOrgs));
        }
    }

    private Set<UUID> ids() {
        Set<UUID> ids = new LinkedHashSet<>();
        for (String org : orgs) {
            ids.add(Uuids.parse(org)
                    .orElseThrow(() -> new Failure.Invalid("--org", "--org: " + org + " (expected: a UUID)")));
        }
        return ids;
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) {
        ApiKeys.Made made = keys.create(
                new ApiKeys.Draft(name, ids(), allOrgs, permissions, Optional.ofNullable(expires)), CommandRun.actor());
        out.println(made.text());
        out.println("key id " + made.key().keyId() + "; it is shown this once");
        return 0;
    }
}
