package io.inference.analytics.usage;

import io.inference.analytics.series.SeriesScope;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/** The parts of an organisation that cost most, for rooms that look at some of them only. */
@ApplicationScoped
public class Costliest {

    private final BreakdownStore store;

    Costliest(BreakdownStore store) {
        this.store = store;
    }

    /**
     * A part.
     *
     * @param key the id of a model, or a client or a user as in {@link io.inference.analytics.series.SeriesGroup}
     * @param name what people call it; empty when there is no name
     */
    public record Part(String key, Optional<String> name) {}

    /**
     * The parts by their cost in a range, the highest first.
     *
     * @param by what a part is
     * @param limit most parts
     */
    public List<Part> read(Handle handle, UUID org, SeriesScope scope, BreakdownBy by, int limit) {
        BreakdownQuery query = new BreakdownQuery(
                scope,
                Set.of(),
                Set.of(),
                RawFilter.NONE,
                BreakdownKey.of(by),
                BreakdownOrder.COST,
                limit,
                Optional.empty(),
                Optional.empty(),
                "");
        return store.read(handle, org, query).rows().stream()
                .limit(limit)
                .map(row -> new Part(row.key(), row.name()))
                .toList();
    }
}
