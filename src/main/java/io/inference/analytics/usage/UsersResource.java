package io.inference.analytics.usage;

import static io.inference.analytics.web.SharedParameter.CURSOR;
import static io.inference.analytics.web.SharedParameter.LIMIT;

import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.web.Takes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Who has used an organisation's models. */
@Path("/analytics/v1/orgs/{orgId}/users")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "catalog")
class UsersResource {

    private static final int LIMIT_DEFAULT = 50;
    private static final int LIMIT_MAX = 200;

    /** A page of users. */
    @Schema(name = "Users")
    public record Page(
            UUID orgId,
            List<User> users,
            @Schema(nullable = true, description = "The cursor of the next page; null on the last page")
                    String nextCursor) {}

    /** One user. */
    @Schema(name = "User")
    public record User(UUID userId, @Schema(description = "The id where there is no name") String name) {}

    private final CatalogStore store;

    UsersResource(CatalogStore store) {
        this.store = store;
    }

    @GET
    @Requires(Permission.USAGE_READ)
    @Takes({LIMIT, CURSOR})
    @Operation(
            operationId = "listUsers",
            summary = "List the users that have used an organisation's models",
            description = "Sorted by name, in pages. Events without a user are not listed.")
    public Page users(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        ListPage page = ListPage.parse(uri.getQueryParameters(), orgId + "/users", LIMIT_DEFAULT, LIMIT_MAX);
        ListPage.Cut found = page.cut(store.users(orgId, page));
        return new Page(
                orgId,
                found.entries().stream()
                        .map(user -> new User(user.id(), user.name()))
                        .toList(),
                found.nextCursor());
    }
}
