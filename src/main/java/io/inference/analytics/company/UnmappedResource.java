package io.inference.analytics.company;

import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.attribution.UnmappedCosts;
import io.inference.analytics.database.LongReads;
import io.inference.analytics.series.Cost;
import io.inference.analytics.web.QueryParameters;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jdbi.v3.core.Handle;

/** What {@code providers mappings todo} lists, over HTTP. */
@Path("/analytics/v1/provider-mappings/todo")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "providers")
class UnmappedResource {

    /** A person waits for it. */
    private static final Duration STATEMENT_MAX = Duration.ofSeconds(20);

    private static final int ENTRIES_MAX = 1_000;

    private final UnmappedCosts costs;
    private final LongReads database;

    UnmappedResource(UnmappedCosts costs, LongReads database) {
        this.costs = costs;
        this.database = database;
    }

    /** What has costs and no mapping. */
    @Schema(name = "UnmappedCosts")
    record Todo(
            @Schema(description = "Workspaces and keys, then models, each the most expensive first; at most 1,000")
                    List<Entry> entries,
            @Schema(description = "How many there are in all") int total,
            @Schema(
                            nullable = true,
                            description = "The first UTC day that is looked at: 400 days before the newest import; null"
                                    + " before the first import")
                    LocalDate since) {}

    /** A workspace, a key or a model. */
    @Schema(name = "UnmappedCost")
    record Entry(
            @Schema(
                            enumeration = {"workspace", "key", "model"},
                            description = "model: a billed model whose name nearly is one of this service's, which the"
                                    + " reconciliation does not compare")
                    String kind,
            @Schema(
                            nullable = true,
                            enumeration = {"anthropic", "cursor", "openai"},
                            description = "Of a model: the provider that bills it")
                    String provider,
            String id,
            @Schema(nullable = true, description = "Of a model: those of this service that have nearly this name")
                    String name,
            @Schema(description = "First UTC day with costs") LocalDate first,
            @Schema(description = "Last UTC day with costs") LocalDate last,
            Cost cost) {

        private static Entry of(UnmappedCosts.Unmapped unmapped) {
            return new Entry(
                    unmapped.kind(),
                    unmapped.provider().orElse(null),
                    unmapped.id(),
                    unmapped.name().orElse(null),
                    unmapped.first(),
                    unmapped.last(),
                    ProviderCosts.cost(unmapped.amountUsd()));
        }
    }

    @GET
    @Requires(Permission.PROVIDERS_READ)
    @Operation(
            operationId = "listUnmappedCosts",
            summary = "List what is billed and not mapped",
            description =
                    "The workspaces and keys with costs that belong to no user or team yet, and billed models that"
                            + " events call by another name. Costs more than 400 days before the newest import are"
                            + " left out. Operators map the entries on the command line.")
    public Todo todo(@Context UriInfo uri) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        return database.read(STATEMENT_MAX, this::read);
    }

    private Todo read(Handle handle) {
        UnmappedCosts.Part owners = costs.list(handle, ENTRIES_MAX);
        UnmappedCosts.Part models = costs.nearModels(handle, ENTRIES_MAX);
        return new Todo(
                Stream.concat(owners.entries().stream(), models.entries().stream())
                        .limit(ENTRIES_MAX)
                        .map(Entry::of)
                        .toList(),
                owners.total() + models.total(),
                costs.from(handle).orElse(null));
    }
}
