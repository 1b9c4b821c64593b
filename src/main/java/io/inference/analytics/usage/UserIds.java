package io.inference.analytics.usage;

import io.inference.analytics.platform.Retention;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.generic.GenericType;

/**
 * Which user an id of the API means, and which id the API shows for a user. For rooms that store the true id, so that what they
 * store outlives another choice of the organisation.
 */
@ApplicationScoped
public class UserIds {

    private static final String FIND =
            """
            select user_id
            from (select distinct user_id from analytics.usage_user_daily
                  where org_id = :org and bucket_start >= :since and user_id is not null
                  %s) as seen
            where %s = :shown
            limit 1
            """;

    /** Without it PostgreSQL works out the pseudonym of each row, and not of each user. A true id is best compared in the rows. */
    private static final String ONCE_PER_USER = "offset 0";

    private static final String USER_ID = "user_id";

    private static final String SHOWN = "select user_id, %s as shown from unnest(:users::uuid[]) as given (user_id)";

    private final UserPrivacy privacy;
    private final Retention retention;
    private final Clock clock;

    UserIds(UserPrivacy privacy, Retention retention, Clock clock) {
        this.privacy = privacy;
        this.retention = retention;
        this.clock = clock;
    }

    /**
     * The true id of a user of the organisation; empty when none of those that are listed has the id.
     *
     * @param shown as the API shows it
     * @throws io.inference.analytics.platform.Failure.Forbidden when the organisation shows no figures by user
     */
    public Optional<UUID> find(Handle handle, UUID org, UUID shown) {
        String id = privacy.shownId(handle, org, USER_ID);
        return handle.createQuery(FIND.formatted(id.equals(USER_ID) ? "" : ONCE_PER_USER, id))
                .bind("org", org)
                .bind("since", Retention.availableFrom(clock.instant(), retention.rollups()))
                .bind("shown", shown)
                .mapTo(UUID.class)
                .findOne();
    }

    /**
     * The ids that the API shows, by true id.
     *
     * @throws io.inference.analytics.platform.Failure.Forbidden when the organisation shows no figures by user
     */
    public Map<UUID, UUID> shown(Handle handle, UUID org, Collection<UUID> users) {
        return handle.createQuery(SHOWN.formatted(privacy.shownId(handle, org, "user_id")))
                .bindArray("users", UUID.class, users)
                .setMapKeyColumn("user_id")
                .setMapValueColumn("shown")
                .collectInto(new GenericType<Map<UUID, UUID>>() {});
    }

    /**
     * Does nothing where the organisation shows figures by user.
     *
     * @throws io.inference.analytics.platform.Failure.Forbidden when it does not
     */
    public void requireShown(Handle handle, UUID org) {
        privacy.shownId(handle, org, "user_id");
    }

    /** Whether the organisation shows figures by user. */
    public boolean areShown(Handle handle, UUID org) {
        return privacy.isOn(handle, org);
    }
}
