package io.inference.analytics.access;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The named sets of permissions; this is the only place that defines them. */
public enum Role {
    ORG_ADMIN(
            "org-admin",
            without(
                    Permission.EVENTS_WRITE,
                    Permission.PRICES_WRITE,
                    Permission.PROVIDERS_READ,
                    Permission.CATALOG_WRITE,
                    Permission.API_KEYS_WRITE),
            false),
    ENGINEER("engineer", Set.of(Permission.USAGE_READ, Permission.RELIABILITY_READ, Permission.FRESHNESS_READ), false),
    FINANCE("finance", finance(), false),
    COMPANY_FINANCE("company-finance", and(finance(), Permission.PROVIDERS_READ), true),
    SYSTEM_ADMIN("system-admin", without(), true);

    private static final Map<String, Role> BY_WIRE_NAME =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Role::wireName, Function.identity()));

    private final String wireName;
    private final Grant grant;

    Role(String wireName, Set<Permission> permissions, boolean allOrgs) {
        this.wireName = wireName;
        this.grant = new Grant(permissions, allOrgs);
    }

    public String wireName() {
        return wireName;
    }

    public Grant grant() {
        return grant;
    }

    /**
     * What one entry of a token's roles grants: a role, or a single permission in the token's own
     * organisations. Unknown entries grant nothing, because a token may have roles of other
     * services too.
     */
    public static Optional<Grant> grantOf(String entry) {
        return Optional.ofNullable(BY_WIRE_NAME.get(entry)).map(Role::grant).or(() -> Permission.ofWireName(entry)
                .map(permission -> new Grant(Set.of(permission), false)));
    }

    private static Set<Permission> without(Permission... left) {
        Set<Permission> rest = EnumSet.allOf(Permission.class);
        rest.removeAll(Set.of(left));
        return rest;
    }

    private static Set<Permission> finance() {
        return Set.of(
                Permission.USAGE_READ,
                Permission.FRESHNESS_READ,
                Permission.BUDGETS_WRITE,
                Permission.EXPORTS_CREATE,
                Permission.EXPORTS_READ,
                Permission.EXPORTS_DOWNLOAD);
    }

    private static Set<Permission> and(Set<Permission> some, Permission more) {
        Set<Permission> all = EnumSet.copyOf(some);
        all.add(more);
        return all;
    }
}
