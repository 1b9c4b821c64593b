package io.inference.analytics.access;

import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * A caller with a valid credential.
 *
 * @param subject identifies the caller in the audit trail
 * @param orgs the organisations that the credential names
 * @param grants what the caller may do
 * @param missing what the credential lacks if it grants nothing at all, as a sentence; or empty
 */
public record Caller(String subject, Set<UUID> orgs, List<Grant> grants, String missing) {

    public Caller {
        orgs = Set.copyOf(orgs);
        grants = List.copyOf(grants);
    }

    public Caller(String subject, Set<UUID> orgs, List<Grant> grants) {
        this(subject, orgs, grants, "");
    }

    /** Whether the caller has the permission in any organisation. */
    public boolean has(Permission permission) {
        return grants.stream().anyMatch(grant -> grant.permissions().contains(permission));
    }

    /** Whether the caller has the permission in this organisation. */
    public boolean has(Permission permission, UUID org) {
        return grants.stream()
                .anyMatch(grant -> grant.permissions().contains(permission) && (grant.allOrgs() || orgs.contains(org)));
    }

    /** Whether the caller has the permission in every organisation. */
    public boolean hasEverywhere(Permission permission) {
        return grants.stream()
                .anyMatch(grant -> grant.allOrgs() && grant.permissions().contains(permission));
    }

    /** Whether any of the caller's grants is for every organisation. */
    public boolean seesAllOrgs() {
        return grants.stream().anyMatch(Grant::allOrgs);
    }
}
