package io.inference.analytics.access;

import java.util.Set;

/**
 * What somebody may do, and where.
 *
 * @param permissions what
 * @param allOrgs in every organisation, else only in those of the credential
 */
public record Grant(Set<Permission> permissions, boolean allOrgs) {

    public Grant {
        permissions = Set.copyOf(permissions);
    }
}
