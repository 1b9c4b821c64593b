package io.inference.analytics.cli;

import io.inference.analytics.access.ApiKey;
import io.inference.analytics.access.ApiKeys;
import io.inference.analytics.access.Permission;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Uuids;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code apikey …}. */
@Command(
        name = "apikey",
        description = "Manages the API keys of programs.",
        subcommands = {ApiKeyCommands.Create.class, ApiKeyCommands.Revoke.class, ApiKeyCommands.ListKeys.class})
final class ApiKeyCommands {

    @Dependent
    @Command(
            name = "create",
            description = {
                "Creates a key and prints it: the first line of standard output is the key, which is stored nowhere.",
                "Example: apikey create --name report --org UUID --permission analytics:usage:read"
            })
    static class Create implements ServiceCommand.Change {

        @Option(names = "--name", required = true, paramLabel = "NAME", description = "What the key is for.")
        String name;

        @Option(
                names = "--org",
                paramLabel = "UUID",
                description = "An organisation that the key has access to (repeatable).")
        Set<UUID> orgIds = new LinkedHashSet<>();

        @Option(names = "--all-orgs", description = "Access to every organisation, instead of --org.")
        boolean allOrgs;

        @Option(
                names = "--permission",
                required = true,
                paramLabel = "PERMISSION",
                description = "What the key may do, such as analytics:usage:read (repeatable).")
        List<String> permissions;

        @Option(names = "--expires", paramLabel = "TIME", description = "When the key expires (default: never).")
        Optional<Instant> expiresAt;

        @Inject
        ApiKeys keys;

        @Override
        public void validate() {
            if (allOrgs == !orgIds.isEmpty()) {
                throw new Failure.Invalid(
                        "orgIds",
                        "orgIds: given %d times with --all-orgs %s (expected: one of the two)"
                                .formatted(orgIds.size(), allOrgs));
            }
        }

        @Override
        public int run(PrintWriter out) {
            ApiKeys.Made made =
                    keys.create(new ApiKeys.Draft(name, orgIds, allOrgs, permissions, expiresAt), CommandRun.actor());
            out.println(made.text());
            out.println("key id " + made.key().keyId() + "; it is shown this once");
            return 0;
        }
    }

    @Dependent
    @Command(name = "revoke", description = "Revokes a key; within 30 s it is no longer accepted anywhere.")
    static class Revoke implements ServiceCommand.Change {

        /** Does not repeat a faulty text: it may be the key itself. */
        static final class IdOrPrefix implements ITypeConverter<String> {
            @Override
            public String convert(String text) {
                if (Uuids.parse(text).isEmpty() && !text.matches("iak_[0-9a-f]{12}")) {
                    throw new TypeConversionException(
                            "not an id or prefix of a key (expected: a UUID, or iak_ and 12 digits)");
                }
                return text;
            }
        }

        @Parameters(paramLabel = "KEY", converter = IdOrPrefix.class, description = "Its id, or its prefix (iak_…).")
        String key;

        @Inject
        ApiKeys keys;

        @Override
        public int run(PrintWriter out) {
            UUID id = keys.find(key);
            keys.revoke(id, CommandRun.actor());
            out.println("key " + id + " is revoked");
            return 0;
        }
    }

    @Dependent
    @Command(name = "list", description = "Prints the keys without their secrets, newest first, tab-separated.")
    static class ListKeys implements ServiceCommand {

        @Inject
        ApiKeys keys;

        @Override
        public int run(PrintWriter out) {
            out.println(
                    "KEY_ID\tPREFIX\tNAME\tORGS\tPERMISSIONS\tCREATED_AT\tCREATED_BY\tEXPIRES_AT\tLAST_USED_AT\tREVOKED_AT");
            for (ApiKey key : keys.list()) {
                out.println(String.join(
                        "\t",
                        key.keyId().toString(),
                        key.prefix(),
                        key.name(),
                        key.allOrgs()
                                ? "all"
                                : key.orgs().stream()
                                        .sorted()
                                        .map(UUID::toString)
                                        .collect(Collectors.joining(",")),
                        key.permissions().stream()
                                .sorted()
                                .map(Permission::wireName)
                                .collect(Collectors.joining(",")),
                        key.createdAt().toString(),
                        key.createdBy(),
                        time(key.expiresAt()),
                        time(key.lastUsedAt()),
                        time(key.revokedAt())));
            }
            return 0;
        }

        private static String time(Optional<Instant> time) {
            return time.map(Instant::toString).orElse("-");
        }
    }
}
