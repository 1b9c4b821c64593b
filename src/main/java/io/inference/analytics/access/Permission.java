package io.inference.analytics.access;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** All permissions. Their wire names appear among the roles of a token and in API keys. */
public enum Permission {
    USAGE_READ("analytics:usage:read"),
    /** For producers that publish over HTTP. */
    EVENTS_WRITE("analytics:events:write"),
    /** Budgets with their webhooks; their states are read with usage. */
    BUDGETS_WRITE("analytics:budgets:write"),
    RELIABILITY_READ("analytics:reliability:read"),
    FRESHNESS_READ("analytics:freshness:read"),
    EXPORTS_CREATE("analytics:exports:create"),
    EXPORTS_READ("analytics:exports:read"),
    EXPORTS_DOWNLOAD("analytics:exports:download"),
    AUDIT_READ("analytics:audit:read"),
    /** The price book, which belongs to no organisation. */
    PRICES_WRITE("analytics:prices:write"),
    /** Names of organisations and models, which all callers see. */
    CATALOG_WRITE("analytics:catalog:write"),
    /** API keys: creating one passes on all permissions that it gets. */
    API_KEYS_WRITE("analytics:api-keys:write"),
    /** Bills of the providers: figures of the whole company. */
    PROVIDERS_READ("analytics:providers:read");

    private static final Map<String, Permission> BY_WIRE_NAME =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Permission::wireName, Function.identity()));

    private final String wireName;

    Permission(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    /** All wire names, in the order of the enum. */
    public static List<String> wireNames() {
        return Arrays.stream(values()).map(Permission::wireName).toList();
    }

    /** The permission of this name, if there is one. */
    public static Optional<Permission> ofWireName(String name) {
        return Optional.ofNullable(BY_WIRE_NAME.get(name));
    }
}
