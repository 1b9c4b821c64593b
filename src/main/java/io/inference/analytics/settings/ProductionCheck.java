package io.inference.analytics.settings;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What a server in profile prod refuses although it is well formed: doors that stand open. Each is one line that names the
 * setting and what is expected, never a password.
 */
final class ProductionCheck {

    /** What servers are delivered with, or what people write who mean to change it. */
    private static final Set<String> DEFAULT_PASSWORDS = Set.of(
            "guest",
            "postgres",
            "password",
            "changeme",
            "admin",
            "analytics",
            "rabbitmq",
            "redis",
            "minioadmin",
            "secret");

    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    private ProductionCheck() {}

    static List<String> faults(Function<Setting, Optional<String>> given) {
        List<String> faults = new ArrayList<>();
        if (given.apply(Setting.ENABLE_RBAC).filter("false"::equalsIgnoreCase).isPresent()) {
            faults.add("ENABLE_RBAC is false (expected: true in profile prod)");
        }
        Map<Setting, Predicate<String>> passwords = new EnumMap<>(Map.of(
                Setting.DATABASE_URL,
                ProductionCheck::hasDefaultDatabasePassword,
                Setting.RABBITMQ_URL,
                url -> namesNobody(url) || hasDefaultPassword(url),
                Setting.REDIS_URL,
                ProductionCheck::hasDefaultPassword,
                Setting.S3_SECRET_KEY,
                secret -> isDefault(secret, "")));
        passwords.forEach((setting, isUnsafe) -> {
            if (given.apply(setting).filter(isUnsafe).isPresent()) {
                faults.add(setting + " has a default password (expected: one of its own in profile prod)");
            }
        });
        for (Setting setting : List.of(Setting.JWT_ISSUER, Setting.JWT_JWKS_URL, Setting.CONSOLE_OIDC_ISSUER)) {
            if (given.apply(setting).filter(ProductionCheck::isPlainHttp).isPresent()) {
                faults.add(setting + " is an http address (expected: https in profile prod, but on this machine)");
            }
        }
        return faults;
    }

    /** As the service reads it: the password may stand among the parameters, and there may be several hosts. */
    private static boolean hasDefaultDatabasePassword(String url) {
        try {
            DatabaseUrl database = DatabaseUrl.read(url);
            return url.contains(":@")
                    || database.password()
                            .filter(password ->
                                    isDefault(password, database.username().orElse("")))
                            .isPresent();
        } catch (ServerAddress.Malformed e) {
            // Its form is checked elsewhere.
            return false;
        }
    }

    private static boolean hasDefaultPassword(String url) {
        return address(url)
                .filter(address -> address.password()
                        .filter(password -> isDefault(password, address.user().orElse("")))
                        .isPresent())
                .isPresent();
    }

    /** RabbitMQ's clients then log in as guest. */
    private static boolean namesNobody(String url) {
        return address(url).filter(address -> address.user().isEmpty()).isPresent();
    }

    private static boolean isDefault(String password, String user) {
        return password.isEmpty()
                || password.equals(user)
                || DEFAULT_PASSWORDS.contains(password.toLowerCase(Locale.ROOT));
    }

    private static boolean isPlainHttp(String url) {
        return address(url)
                .filter(address -> address.scheme().equals("http")
                        && !LOOPBACK.contains(address.hosts().get(0).name().toLowerCase(Locale.ROOT)))
                .isPresent();
    }

    /** Empty where the form is wrong, which is reported elsewhere. */
    private static Optional<ServerAddress> address(String text) {
        try {
            return Optional.of(ServerAddress.parse(text));
        } catch (ServerAddress.Malformed e) {
            return Optional.empty();
        }
    }
}
