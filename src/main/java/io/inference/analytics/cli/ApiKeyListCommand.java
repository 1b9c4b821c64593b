package io.inference.analytics.cli;

import io.inference.analytics.access.ApiKey;
import io.inference.analytics.access.ApiKeys;
import io.inference.analytics.access.Permission;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

/** {@code apikey list}. */
@Dependent
@Command(name = "list", description = "Prints the keys, newest first, tab-separated; never the keys themselves.")
class ApiKeyListCommand implements ServiceCommand {

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
                            : key.orgs().stream().sorted().map(UUID::toString).collect(Collectors.joining(",")),
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
