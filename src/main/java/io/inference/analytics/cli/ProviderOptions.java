package io.inference.analytics.cli;

import io.inference.analytics.attribution.EmailAddress;
import io.inference.analytics.platform.Uuids;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.WorkspaceName;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that several commands about the providers have, and how their texts are read. */
final class ProviderOptions {

    private ProviderOptions() {}

    /** An answer on the command line. */
    enum YesNo {
        YES,
        NO
    }

    /** {@code --provider} of commands about one provider. */
    static final class One {

        @Option(names = "--provider", required = true, paramLabel = "P", description = Provider.API_NAMES + ".")
        Provider provider;
    }

    /** {@code --organization} of commands about something that each organisation of a provider has. */
    static final class Organization {

        @Option(
                names = "--organization",
                paramLabel = "ID",
                converter = OrganizationId.class,
                description =
                        "The provider's organisation, team of Cursor, or name of OpenAI's (default: that of the settings, else the "
                                + "only one that was imported).")
        Optional<String> organization;
    }

    /** {@code --workspace} and, for the default workspace, {@code --organization}. */
    static final class Workspace {

        @Option(
                names = "--workspace",
                required = true,
                paramLabel = "ID",
                description = "Its id, or default for the one without an id; each organisation has one of those.")
        String workspace;

        @Mixin
        Organization of;

        /** @throws io.inference.analytics.platform.Failure.Invalid when it names no workspace */
        WorkspaceName name() {
            return new WorkspaceName(workspace, of.organization);
        }
    }

    /** Reads an id of a provider's organisation. */
    static final class OrganizationId implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            String id = text.strip();
            if (!id.matches("[A-Za-z0-9_-]{1,100}")) {
                throw new TypeConversionException("%s (expected: the provider's id of it)".formatted(text));
            }
            return id;
        }
    }

    /** Reads a text for people, without the blanks around it; blanks alone count as not given. */
    static final class Text implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            String stripped = text.strip();
            return stripped.isEmpty() ? null : stripped;
        }
    }

    /** Reads the id or the name of a key. Refuses the key itself, and does not repeat it. */
    static final class KeyName implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            String name = text.strip();
            if (name.startsWith("sk-")) {
                throw new TypeConversionException(
                        "a secret (expected: the id of a key, apikey_… or key_…, or its name)");
            }
            return name;
        }
    }

    /** Reads the id of a key. Does not repeat a faulty text, which may be the key itself. */
    static final class KeyId implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            String id = text.strip();
            if (!id.matches("(api)?key_[A-Za-z0-9_-]+")) {
                throw new TypeConversionException("not the id of a key (expected: apikey_… or key_…)");
            }
            return id;
        }
    }

    /** Reads a mail address; upper and lower case are the same. */
    static final class Email implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            String address = text.strip().toLowerCase(Locale.ROOT);
            if (!EmailAddress.matches(address)) {
                throw new TypeConversionException("%s (expected: an address)".formatted(text));
            }
            return address;
        }
    }

    /** Reads the id of an organisation, or {@code none}. */
    static final class OrgOrNone implements ITypeConverter<UUID> {
        @Override
        public UUID convert(String text) {
            return text.equals("none")
                    ? null
                    : Uuids.parse(text)
                            .orElseThrow(() ->
                                    new TypeConversionException("%s (expected: a UUID, or none)".formatted(text)));
        }
    }
}
