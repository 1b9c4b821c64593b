package io.inference.analytics.cli;

import io.inference.analytics.provider.Provider;
import picocli.CommandLine.Option;

/** {@code --provider} of commands about one of them. */
final class ProviderOption {

    @Option(names = "--provider", required = true, paramLabel = "P", description = "anthropic or cursor.")
    String name;

    Provider get() {
        return ProviderArguments.provider(name);
    }
}
