package io.inference.analytics.access;

import java.util.Set;

/**
 * What a caller may do, and where.
 *
 * @param permissions what the caller may do
 * @param allOrgs in every organisation; otherwise only in those of the credential
 */
public record Grant(Set<Permission> permissions, boolean allOrgs) {

    public Grant {
        permissions = Set.copyOf(permissions);
    }
}
