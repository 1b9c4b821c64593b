package io.inference.analytics.bills;

import org.jdbi.v3.core.Handle;

/**
 * Remembers which contents of a day above the limits a person has released. All in the caller's
 * transaction, so a release is remembered if and only if its day is stored.
 */
final class ReleasedDays {

    private static final String CONTAINS =
            """
            select exists (select from analytics.provider_released_day
                           where provider = :provider and dataset = :dataset and org_ref = :org and usage_date = :day
                             and content_hash = :hash)
            """;

    private static final String STORED =
            """
            select exists (select from analytics.provider_released_day
                           join analytics.provider_import_day using (provider, dataset, org_ref, usage_date, content_hash)
                           where provider = :provider and dataset = :dataset and org_ref = :org and usage_date = :day)
            """;

    private static final String ADD =
            """
            insert into analytics.provider_released_day (provider, dataset, org_ref, usage_date, content_hash, released_at, released_by, run_id)
            select :provider, :dataset, :org, :day, :hash, :at, requested_by, run_id
            from analytics.provider_import_run where run_id = :run
            on conflict do nothing
            """;

    private ReleasedDays() {}

    static boolean contains(Handle handle, DayKey key, byte[] hash) {
        return key.bind(handle.createQuery(CONTAINS))
                .bind("hash", hash)
                .mapTo(Boolean.class)
                .one();
    }

    /** Whether a person has released what is stored of the day. */
    static boolean stored(Handle handle, DayKey key) {
        return key.bind(handle.createQuery(STORED)).mapTo(Boolean.class).one();
    }

    /** Names the person who asked for the run; the first release of a content stays. */
    static void add(Handle handle, DayKey key, byte[] hash, DayImport.Import by) {
        key.bind(handle.createUpdate(ADD))
                .bind("hash", hash)
                .bind("at", by.fetchedAt())
                .bind("run", by.runId())
                .execute();
    }
}
