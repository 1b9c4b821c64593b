package io.inference.analytics.cli;

import io.inference.analytics.access.ApiKey;
import io.inference.analytics.access.ApiKeys;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Uuids;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code apikey revoke}. */
@Dependent
@Command(name = "revoke", description = "Revokes a key; within 30 s it holds nowhere.")
class ApiKeyRevokeCommand implements ServiceCommand {

    @Parameters(paramLabel = "KEY", description = "Its id, or its prefix (iak_…).")
    String key;

    @Inject
    ApiKeys keys;

    @Override
    public void validate() {
        if (Uuids.parse(key).isEmpty() && !key.matches("iak_[0-9a-f]{12}")) {
            throw new Failure.Invalid(
                    "KEY", "KEY: not an id or prefix of a key (expected: a UUID, or iak_ and 12 digits)");
        }
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) {
        UUID id = Uuids.parse(key).orElseGet(() -> keys.list().stream()
                .filter(listed -> listed.prefix().equals(key))
                .map(ApiKey::keyId)
                .findFirst()
                .orElseThrow(() -> new Failure.NotFound("There is no such key.")));
        keys.revoke(id, CommandRun.actor());
        out.println("key " + id + " is revoked");
        return 0;
    }
}
