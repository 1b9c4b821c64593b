package io.inference.analytics.access;

import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import io.inference.analytics.platform.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Creates, lists and revokes keys, for the API and the command line. */
@ApplicationScoped
public class ApiKeys {

    /** A bound far above what people write. */
    private static final int ORGS_MAX = 1_000;

    private static final int NAME_MAX = 200;

    /** Most keys in a list. */
    public static final int LISTED_MAX = 1_000;

    /**
     * A key to create.
     *
     * @param name what it is for
     * @param orgs the organisations that it is valid for
     * @param allOrgs true instead of organisations: valid for every one
     * @param permissions their wire names
     * @param expiresAt when it stops being valid, if ever
     */
    public record Draft(
            String name, Set<UUID> orgs, boolean allOrgs, List<String> permissions, Optional<Instant> expiresAt) {}

    /** A new key with its text, which is shown only once. */
    public record Made(ApiKey key, String text) {}

    private final ApiKeyStore store;
    private final ApiDatabase database;
    private final Clock clock;

    ApiKeys(ApiKeyStore store, ApiDatabase database, Clock clock) {
        this.store = store;
        this.database = database;
        this.clock = clock;
    }

    /**
     * Creates a key.
     *
     * @param by who creates it
     * @throws Failure.Invalid with every fault of the draft
     */
    public Made create(Draft draft, String by) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        Set<Permission> permissions = check(draft, now);
        String text = ApiKeySecret.random();
        ApiKey key = new ApiKey(
                UUID.randomUUID(),
                ApiKeySecret.prefix(text).orElseThrow(),
                draft.name().strip(),
                draft.orgs(),
                draft.allOrgs(),
                permissions,
                now,
                by,
                draft.expiresAt().map(time -> time.truncatedTo(ChronoUnit.MICROS)),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        database.change(handle -> {
            store.insert(handle, key, ApiKeySecret.hash(text));
            return null;
        });
        return new Made(key, text);
    }

    private static Set<Permission> check(Draft draft, Instant now) {
        List<FieldError> faults = new ArrayList<>();
        String name = draft.name().strip();
        if (name.isEmpty() || name.length() > NAME_MAX || name.chars().anyMatch(Character::isISOControl)) {
            faults.add(new FieldError(
                    "name", "name: not a name (expected: 1 to %d printable characters)".formatted(NAME_MAX)));
        }
        if (draft.allOrgs() == !draft.orgs().isEmpty()) {
            faults.add(new FieldError(
                    "orgIds",
                    "orgIds: %d ids with allOrgs %s (expected: ids, or allOrgs true)"
                            .formatted(draft.orgs().size(), draft.allOrgs())));
        }
        if (draft.orgs().size() > ORGS_MAX) {
            faults.add(new FieldError(
                    "orgIds",
                    "orgIds: %d ids (expected: at most %d)"
                            .formatted(draft.orgs().size(), ORGS_MAX)));
        }
        Set<Permission> permissions = EnumSet.noneOf(Permission.class);
        for (String permission : draft.permissions()) {
            Permission.ofWireName(permission)
                    .ifPresentOrElse(
                            permissions::add,
                            () -> faults.add(new FieldError(
                                    "permissions",
                                    "permissions: no such permission (expected: among "
                                            + String.join(", ", Permission.wireNames()) + ")")));
        }
        if (draft.permissions().isEmpty()) {
            faults.add(new FieldError(
                    "permissions",
                    "permissions: none (expected: at least one of " + String.join(", ", Permission.wireNames()) + ")"));
        }
        draft.expiresAt()
                .filter(time -> !time.isAfter(now))
                .ifPresent(time -> faults.add(
                        new FieldError("expiresAt", "expiresAt: %s (expected: in the future)".formatted(time))));
        if (!faults.isEmpty()) {
            throw new Failure.Invalid(faults);
        }
        return permissions;
    }

    /** The newest keys, including those that are no longer valid. */
    public List<ApiKey> list() {
        return database.read(handle -> store.list(handle, LISTED_MAX));
    }

    /**
     * The id of the key with this id or prefix, whether it is revoked or not.
     *
     * @throws Failure.NotFound when a prefix has no key
     */
    public UUID find(String idOrPrefix) {
        return Uuids.parse(idOrPrefix)
                .or(() -> database.read(handle -> store.find(handle, idOrPrefix))
                        .map(stored -> stored.key().keyId()))
                .orElseThrow(ApiKeys::unknown);
    }

    /** Whether there is a key with this id, valid or not. */
    boolean exists(UUID keyId) {
        return database.read(handle -> store.exists(handle, keyId));
    }

    static Failure.NotFound unknown() {
        return new Failure.NotFound("There is no such key.");
    }

    /**
     * Revokes a key; every replica refuses it within 30 s. Revoking a revoked key has no effect.
     *
     * @throws Failure.NotFound when there is no such key
     */
    public void revoke(UUID keyId, String by) {
        Instant now = clock.instant();
        if (!database.change(handle -> store.revoke(handle, keyId, now, by))) {
            throw unknown();
        }
    }
}
