package io.inference.analytics.cli;

import io.inference.analytics.attribution.ProviderModels;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.usage.NameStore;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code catalog model}. */
@Dependent
@Command(
        name = "model",
        description = "Sets the name of a model, and what a provider calls it, for the reconciliation.")
class CatalogModelCommand implements ServiceCommand {

    @Mixin
    CatalogEntry entry = new CatalogEntry();

    @Option(names = "--provider", paramLabel = "P", description = "anthropic or cursor.")
    String provider;

    @Option(
            names = "--provider-model",
            paramLabel = "NAME",
            description = "The provider's name of it, as in its bills (default: NAME).")
    String providerModel;

    @Inject
    NameStore names;

    @Inject
    ProviderModels models;

    @Override
    public void validate() {
        entry.validate();
        if (provider != null) {
            ProviderArguments.provider(provider);
        } else if (providerModel != null) {
            throw new Failure.Invalid("--provider", "--provider: missing (expected: whose name --provider-model is)");
        }
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        names.nameModel(entry.id(), entry.name());
        if (provider != null) {
            models.set(
                    entry.id(),
                    ProviderArguments.provider(provider),
                    providerModel == null ? entry.name() : providerModel.strip());
        }
        out.printf("model %s is named %s%n", entry.id(), entry.name());
        return 0;
    }
}
