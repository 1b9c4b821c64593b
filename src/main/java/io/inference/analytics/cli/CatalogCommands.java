package io.inference.analytics.cli;

import io.inference.analytics.attribution.ProviderModels;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.usage.CatalogName;
import io.inference.analytics.usage.NameStore;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code catalog …}. */
@Command(
        name = "catalog",
        description = "Gives organisations and models the names that people read.",
        subcommands = {CatalogCommands.Org.class, CatalogCommands.Model.class})
final class CatalogCommands {

    /** An id and its name. */
    static final class Entry {

        @Option(names = "--id", required = true, paramLabel = "UUID", description = "The id, as in the events.")
        UUID id;

        @Option(names = "--name", required = true, paramLabel = "NAME", description = "The name, up to 200 characters.")
        CatalogName name;
    }

    @Dependent
    @Command(name = "org", description = "Sets the name of an organisation.")
    static class Org implements ServiceCommand.Change {

        @Mixin
        Entry entry;

        @Inject
        NameStore names;

        @Override
        public int run(PrintWriter out) {
            names.nameOrg(entry.id, entry.name.text());
            out.printf("org %s is named %s%n", entry.id, entry.name.text());
            return 0;
        }
    }

    @Dependent
    @Command(
            name = "model",
            description = "Sets the name of a model and, for the reconciliation, the provider's name of it.")
    static class Model implements ServiceCommand.Change {

        @Mixin
        Entry entry;

        @Option(names = "--provider", paramLabel = "P", description = "anthropic or cursor.")
        Optional<Provider> provider;

        @Option(
                names = "--provider-model",
                paramLabel = "NAME",
                description = "The provider's name of the model, as in its bills (default: NAME).")
        Optional<String> providerModel;

        @Inject
        NameStore names;

        @Inject
        ProviderModels models;

        @Override
        public void validate() {
            if (provider.isEmpty() && providerModel.isPresent()) {
                throw new Failure.Invalid(
                        "provider", "provider: missing (expected: the provider that uses --provider-model)");
            }
        }

        @Override
        public int run(PrintWriter out) {
            String name = entry.name.text();
            names.nameModel(entry.id, name);
            provider.ifPresent(of ->
                    models.set(entry.id, of, providerModel.map(String::strip).orElse(name)));
            out.printf("model %s is named %s%n", entry.id, name);
            return 0;
        }
    }
}
