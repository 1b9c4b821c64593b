package io.inference.analytics.cli;

import io.inference.analytics.platform.Failure;
import java.util.Optional;
import picocli.CommandLine.Option;

/** {@code --organization} of commands about something that each of a provider's organisations has. */
final class OrganizationOption {

    @Option(
            names = "--organization",
            paramLabel = "ID",
            description =
                    "The provider's organisation, or team of Cursor (default: that of the settings, else the only one that was imported).")
    String id;

    void validate() {
        if (id != null && !id.strip().matches("[A-Za-z0-9_-]{1,100}")) {
            throw new Failure.Invalid(
                    "--organization", "--organization: %s (expected: the provider's id of it)".formatted(id));
        }
    }

    Optional<String> get() {
        return Optional.ofNullable(id).map(String::strip);
    }
}
