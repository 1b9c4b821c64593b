package io.inference.analytics.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RoleTest {

    private static final UUID OWN = UUID.randomUUID();
    private static final UUID FOREIGN = UUID.randomUUID();

    private static Caller caller(String... roles) {
        return new Caller(
                "somebody",
                Set.of(OWN),
                List.of(roles).stream()
                        .flatMap(role -> Role.grantOf(role).stream())
                        .toList());
    }

    private static Set<Permission> in(Caller caller, UUID org) {
        Set<Permission> held = EnumSet.noneOf(Permission.class);
        for (Permission permission : Permission.values()) {
            if (caller.has(permission, org)) {
                held.add(permission);
            }
        }
        return held;
    }

    @Test
    void orgAdminMayAllButPublishPriceAndReadProvidersInItsOwnOrganisations() {
        assertThat(in(caller("org-admin"), OWN))
                .isEqualTo(EnumSet.complementOf(EnumSet.of(
                        Permission.EVENTS_WRITE,
                        Permission.PRICES_WRITE,
                        Permission.PROVIDERS_READ,
                        Permission.CATALOG_WRITE,
                        Permission.API_KEYS_WRITE)));
        assertThat(in(caller("org-admin"), FOREIGN)).isEmpty();
    }

    @Test
    void engineerReads() {
        assertThat(in(caller("engineer"), OWN))
                .containsExactlyInAnyOrder(
                        Permission.USAGE_READ, Permission.RELIABILITY_READ, Permission.FRESHNESS_READ);
        assertThat(in(caller("engineer"), FOREIGN)).isEmpty();
    }

    @Test
    void financeReadsUsageAndExportsAndSetsBudgets() {
        assertThat(in(caller("finance"), OWN))
                .containsExactlyInAnyOrder(
                        Permission.USAGE_READ,
                        Permission.FRESHNESS_READ,
                        Permission.BUDGETS_WRITE,
                        Permission.EXPORTS_CREATE,
                        Permission.EXPORTS_READ,
                        Permission.EXPORTS_DOWNLOAD);
        assertThat(in(caller("finance"), FOREIGN)).isEmpty();
    }

    @Test
    void companyFinanceIsFinanceEverywhereAndReadsProviders() {
        Set<Permission> expected = in(caller("finance"), OWN);
        expected.add(Permission.PROVIDERS_READ);
        assertThat(in(caller("company-finance"), FOREIGN)).isEqualTo(expected);
    }

    @Test
    void systemAdminMayEverythingEverywhere() {
        assertThat(in(caller("system-admin"), FOREIGN)).containsExactly(Permission.values());
    }

    @Test
    void aPermissionMayStandAmongTheRoles() {
        assertThat(in(caller("analytics:usage:read"), OWN)).containsExactly(Permission.USAGE_READ);
        assertThat(in(caller("analytics:usage:read"), FOREIGN)).isEmpty();
    }

    @Test
    void grantsOfOneScopeDoNotLeakIntoAnother() {
        Caller both = caller("engineer", "company-finance");
        assertThat(both.has(Permission.RELIABILITY_READ, OWN)).isTrue();
        assertThat(both.has(Permission.RELIABILITY_READ, FOREIGN)).isFalse();
        assertThat(both.has(Permission.USAGE_READ, FOREIGN)).isTrue();
    }

    @Test
    void unknownRolesGrantNothing() {
        assertThat(in(caller("admin", "ORG-ADMIN", "analytics:*", "analytics:usage:write", ""), OWN))
                .isEmpty();
    }
}
