package io.inference.analytics.cli;

import io.inference.analytics.bills.ProviderImports;
import io.inference.analytics.provider.Provider;
import java.util.List;
import picocli.CommandLine.Option;

/** {@code --provider} of commands about one or all of them. */
final class ProvidersOption {

    @Option(names = "--provider", paramLabel = "P", description = "anthropic or cursor (default: all with a key).")
    String name;

    void validate() {
        if (name != null) {
            ProviderArguments.provider(name);
        }
    }

    List<Provider> of(ProviderImports imports) {
        return name == null ? imports.configured() : List.of(ProviderArguments.provider(name));
    }
}
