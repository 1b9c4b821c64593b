package io.inference.analytics.bills;

import io.inference.analytics.provider.Provider;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * A change of what people enter about workspaces, keys and people: one transaction with all derived
 * days that it touches.
 *
 * <p>While it runs, no other transaction derives days. Its effect on a key's costs is recorded in
 * provider_attribution_change.
 */
public final class MappingChange {

    private static final String TOUCHED =
            """
            select distinct provider, org_ref, usage_date from analytics.provider_import_day
            where provider = any (:providers) and revision > 0 and usage_date >= :from
            order by provider, org_ref, usage_date
            """;

    private static final String CHANGED_BY = "select set_config('analytics.changed_by', :by, true)";

    /** The work in the transaction. */
    public interface Change {

        /** Returns how many days were derived again, or another count that the caller wants. */
        int on(Handle handle);
    }

    private MappingChange() {}

    /**
     * Makes the change; all of it or nothing.
     *
     * @param by the person or setting that makes it
     * @return what the change returns
     */
    public static int run(Jdbi jdbi, String by, Change change) {
        return jdbi.inTransaction(handle -> {
            Derivation.holdMappings(handle);
            handle.createUpdate(CHANGED_BY).bind("by", by).execute();
            return change.on(handle);
        });
    }

    /**
     * Derives every imported day since then again, of the providers whose bills are attributed by
     * mappings.
     *
     * @return how many
     */
    public static int deriveSince(Handle handle, LocalDate from) {
        List<DayKey> days = handle.createQuery(TOUCHED)
                .bindArray("providers", String.class, mapped())
                .bind("from", from)
                .map(row -> new DayKey(
                        Provider.of(row.getColumn("provider", String.class)).mainDataset(),
                        row.getColumn("org_ref", String.class),
                        row.getColumn("usage_date", LocalDate.class)))
                .list();
        days.forEach(day -> Derivation.derive(handle, day));
        return days.size();
    }

    private static List<String> mapped() {
        return Arrays.stream(Provider.values())
                .filter(provider -> Derivation.isDerived(provider.mainDataset()))
                .map(Provider::wireName)
                .toList();
    }
}
