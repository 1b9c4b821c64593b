package io.inference.analytics.cli;

import io.inference.analytics.attribution.ProviderModels;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.usage.CatalogName;
import io.inference.analytics.usage.NameStore;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.util.List;
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

        @Option(names = "--provider", paramLabel = "P", description = Provider.API_NAMES + ".")
        Optional<Provider> provider;

        @Option(
                names = "--provider-model",
                paramLabel = "NAME",
                description =
                        "The provider's name of the model, as in its bills (default: the one that is set, or NAME).")
        Optional<String> providerModel;

        @Option(
                names = "--also-billed-as",
                paramLabel = "NAME",
                description = "Another name of the model in the provider's bills, such as one with a date; repeatable.")
        List<String> alsoBilledAs = List.of();

        @Option(
                names = "--no-longer-billed-as",
                paramLabel = "NAME",
                description = "Takes back a name that --also-billed-as has set; repeatable.")
        List<String> noLongerBilledAs = List.of();

        @Inject
        NameStore names;

        @Inject
        ProviderModels models;

        @Override
        public void validate() {
            if (provider.isEmpty()
                    && (providerModel.isPresent() || !alsoBilledAs.isEmpty() || !noLongerBilledAs.isEmpty())) {
                String needed = providerModel.isPresent()
                        ? "--provider-model"
                        : alsoBilledAs.isEmpty() ? "--no-longer-billed-as" : "--also-billed-as";
                throw new Failure.Invalid(
                        "provider", "provider: missing (expected: the provider that uses %s)".formatted(needed));
            }
        }

        @Override
        public int run(PrintWriter out) {
            String name = entry.name.text();
            names.nameModel(entry.id, name);
            provider.ifPresent(of -> {
                String billed = providerModel
                        .map(String::strip)
                        .or(() -> models.name(entry.id, of))
                        .orElse(name);
                models.set(entry.id, of, billed);
                noLongerBilledAs.forEach(alias -> models.removeAlias(of, alias.strip(), billed));
                alsoBilledAs.forEach(alias -> models.alias(of, alias.strip(), billed));
            });
            out.printf("model %s is named %s%n", entry.id, name);
            return 0;
        }
    }
}
