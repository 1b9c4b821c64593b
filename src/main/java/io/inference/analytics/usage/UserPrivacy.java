package io.inference.analytics.usage;

import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.Locale;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * How the API shows the users of an organisation. A pseudonym is a UUID that stays the same for a user of an organisation, and that
 * has no name; without the secret in the database it does not lead to the user.
 */
@ApplicationScoped
public class UserPrivacy {

    /** What the API shows. */
    public enum Mode {
        /** Ids and names. */
        NAMES,
        /** Pseudonyms in place of ids. */
        PSEUDONYMS,
        /** No figures by user at all. */
        OFF
    }

    private static final String MODE = "select upper(mode) as mode from analytics.user_privacy where org_id = :org";

    private static final String SET =
            """
            insert into analytics.user_privacy (org_id, mode, updated_at) values (:org, :mode, :now)
            on conflict (org_id) do update set mode = excluded.mode, updated_at = excluded.updated_at
            """;

    private static final String UNSET = "delete from analytics.user_privacy where org_id = :org";

    private static final String PSEUDONYM =
            """
            substr(encode(sha256(convert_to((select secret from analytics.user_privacy where org_id = '%1$s')::text || %2$s::text,
                                            'UTF8')), 'hex'), 1, 32)::uuid""";

    private final Jdbi jdbi;
    private final Clock clock;

    UserPrivacy(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /** Takes effect with the next request. A user's pseudonym changes if the organisation showed names in between. */
    public void set(UUID org, Mode mode) {
        jdbi.useHandle(handle -> {
            if (mode == Mode.NAMES) {
                handle.createUpdate(UNSET).bind("org", org).execute();
            } else {
                handle.createUpdate(SET)
                        .bind("org", org)
                        .bind("mode", mode.name().toLowerCase(Locale.ROOT))
                        .bind("now", clock.instant())
                        .execute();
            }
        });
    }

    /**
     * The SQL of the ids that a question about users gets and gives.
     *
     * @param column the column of the true id
     * @throws Failure.Forbidden when the organisation shows no figures by user
     */
    public String shownId(Handle handle, UUID org, String column) {
        return switch (mode(handle, org)) {
            case NAMES -> column;
            case PSEUDONYMS -> PSEUDONYM.formatted(org, column);
            case OFF ->
                throw new Failure.Forbidden("figures by user are switched off for organisation " + org
                        + " (the command users privacy switches them on)");
        };
    }

    /**
     * The same for a question that may also be about metadata, which may hold the people behind pseudonyms: both together would
     * show whose pseudonym is whose.
     *
     * @param withMetadata whether it is about metadata, too
     * @throws Failure.Forbidden when the organisation shows no figures by user, or pseudonyms and the question is about metadata
     */
    String shownId(Handle handle, UUID org, String column, boolean withMetadata) {
        if (withMetadata && mode(handle, org) == Mode.PSEUDONYMS) {
            throw new Failure.Forbidden("organisation " + org
                    + " shows pseudonyms of its users, and metadata may show who they are"
                    + " (expected: a question about users or about metadata)");
        }
        return shownId(handle, org, column);
    }

    /** The same for a list of events, which stays complete: its ids are empty where figures by user are off. */
    public String listedId(Handle handle, UUID org, String column) {
        return mode(handle, org) == Mode.OFF ? "null::uuid" : shownId(handle, org, column);
    }

    /** Whether there are figures by user at all. */
    boolean isOn(Handle handle, UUID org) {
        return mode(handle, org) != Mode.OFF;
    }

    private static Mode mode(Handle handle, UUID org) {
        return handle.createQuery(MODE)
                .bind("org", org)
                .mapTo(Mode.class)
                .findOne()
                .orElse(Mode.NAMES);
    }
}
