package io.inference.analytics.settings;

import io.smallrye.config.DotEnvConfigSourceProvider;
import io.smallrye.config.PropertiesConfigSourceLoader;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.net.ProxySelector;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Looks at every {@link Setting} before anything starts: system properties, the environment, and the files that Quarkus reads
 * in its working directory. Each fault is one line that names the setting and what it should look like, never a secret.
 */
public final class SettingsCheck {

    /** Where Quarkus looks too, and how much it weighs there: less than the environment. */
    private static final Path CONFIG_FILE = Path.of("config", "application.properties");

    private static final int CONFIG_FILE_ORDINAL = 260;

    /** The profile of the local stack: as strict as prod, but for CONSOLE_LOCAL_KEY. */
    private static final String LOCAL = "local";

    private SettingsCheck() {}

    /**
     * The faults of the process at hand; empty when it may start.
     *
     * @param unused settings that this process does not use: whatever they hold or lack is accepted
     */
    public static List<String> faults(Set<Setting> unused) {
        Function<String, Optional<String>> values = values();
        List<String> faults = faults(unused, values);
        // A process that opens no port has no doors.
        if (faults.isEmpty() && !unused.contains(Setting.HTTP_PORT)) {
            List<String> profiles = profiles(values);
            Function<Setting, Optional<String>> given = setting -> value(setting, values);
            localKeyFault(profiles, given).ifPresent(faults::add);
            if (profiles.contains("prod") || profiles.contains(LOCAL)) {
                faults.addAll(ProductionCheck.faults(given));
            }
        }
        return faults;
    }

    /**
     * Applies the settings that concern all connections of the process, before its first one: HTTPS_PROXY, NO_PROXY,
     * TRUSTED_CA_FILE. They have been checked.
     */
    public static void applyNetwork() throws IOException, GeneralSecurityException {
        Function<String, Optional<String>> values = values();
        Function<Setting, Optional<String>> given = setting -> value(setting, values);
        String direct = given.apply(Setting.NO_PROXY).orElse("");
        given.apply(Setting.HTTPS_PROXY).ifPresent(proxy -> ProxySelector.setDefault(OutboundProxy.of(proxy, direct)));
        Optional<String> authorities = given.apply(Setting.TRUSTED_CA_FILE);
        if (authorities.isPresent()) {
            TrustedAuthorities.trust(authorities.get());
        }
    }

    private static Function<String, Optional<String>> values() {
        SmallRyeConfig given = new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .addSystemSources()
                .withSources(new DotEnvConfigSourceProvider())
                .withSources(PropertiesConfigSourceLoader.inFileSystem(
                        CONFIG_FILE.toUri().toString(),
                        CONFIG_FILE_ORDINAL,
                        Thread.currentThread().getContextClassLoader()))
                .build();
        return name -> given.getOptionalValue(name, String.class);
    }

    /** The packaged service is in profile prod by default. */
    private static List<String> profiles(Function<String, Optional<String>> given) {
        return given.apply("quarkus.profile")
                .or(() -> given.apply("QUARKUS_PROFILE"))
                .map(profiles -> List.of(profiles.split(",", -1)))
                .orElse(List.of("prod"));
    }

    /** The key opens the service to everyone on the machine, so it is refused wherever figures may be real. */
    static Optional<String> localKeyFault(List<String> profiles, Function<Setting, Optional<String>> given) {
        Optional<String> key = given.apply(Setting.CONSOLE_LOCAL_KEY);
        if (key.isEmpty()) {
            return Optional.empty();
        }
        if (!profiles.equals(List.of(LOCAL))) {
            return Optional.of("CONSOLE_LOCAL_KEY is set in profile %s (expected: nothing, but in profile local)"
                    .formatted(String.join(",", profiles)));
        }
        boolean belongs = given.apply(Setting.JWT_PUBLIC_KEY)
                .filter(publicKey -> LocalKey.belongsTo(key.get(), publicKey))
                .isPresent();
        return belongs
                ? Optional.empty()
                : Optional.of(
                        "CONSOLE_LOCAL_KEY is not the key to JWT_PUBLIC_KEY (expected: both of one pair, or none)");
    }

    static List<String> faults(Set<Setting> unused, Function<String, Optional<String>> given) {
        List<String> faults = new ArrayList<>();
        for (Setting setting : Setting.values()) {
            if (unused.contains(setting)) {
                continue;
            }
            Optional<String> value = value(setting, given);
            if (value.isPresent()) {
                setting.fault(value.get()).ifPresent(faults::add);
            } else if (setting.required() || (setting == Setting.JWT_PUBLIC_KEY && needsKey(given))) {
                faults.add(setting.missing());
            }
        }
        if (value(Setting.S3_ENDPOINT, given).isPresent()) {
            boolean access = isGiven(given, Setting.S3_ACCESS_KEY, Setting.S3_ACCESS_KEY_FILE);
            boolean secret = isGiven(given, Setting.S3_SECRET_KEY, Setting.S3_SECRET_KEY_FILE);
            if (access != secret) {
                faults.add((access ? Setting.S3_SECRET_KEY : Setting.S3_ACCESS_KEY)
                        + " is not set (expected: both keys, or none for the usual places of AWS)");
            }
        }
        return faults;
    }

    private static boolean isGiven(Function<String, Optional<String>> given, Setting setting, Setting file) {
        return value(setting, given).isPresent() || value(file, given).isPresent();
    }

    private static boolean needsKey(Function<String, Optional<String>> given) {
        boolean open = value(Setting.ENABLE_RBAC, given)
                .filter("false"::equalsIgnoreCase)
                .isPresent();
        return !open && value(Setting.JWT_JWKS_URL, given).isEmpty();
    }

    /** The property wins, as it does for Quarkus; nothing but blanks is nothing. */
    private static Optional<String> value(Setting setting, Function<String, Optional<String>> given) {
        return given.apply(setting.property())
                .or(() -> given.apply(setting.name()))
                .map(String::strip)
                .filter(text -> !text.isEmpty());
    }
}
