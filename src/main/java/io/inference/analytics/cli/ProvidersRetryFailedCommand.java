package io.inference.analytics.cli;

import io.inference.analytics.providers.Provider;
import io.inference.analytics.providers.ProviderImports;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code providers retry-failed}. */
@Dependent
@Command(
        name = "retry-failed",
        description = "Tries every day again whose last import failed; exits with 1 if any is left.")
class ProvidersRetryFailedCommand implements ServiceCommand {

    @Mixin
    ProvidersOption providers;

    @Inject
    ProviderImports imports;

    @Override
    public void validate() {
        providers.validate();
    }

    @Override
    public int run(PrintWriter out) throws SQLException, InterruptedException {
        int code = 0;
        for (Provider each : providers.of(imports)) {
            var summary =
                    imports.retryFailed(each, ProviderArguments.BY, outcome -> ProviderArguments.print(out, outcome));
            out.printf("%s: ", each.wireName());
            code = Math.max(code, ProviderArguments.summary(out, summary));
        }
        return code;
    }
}
