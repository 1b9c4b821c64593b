package io.inference.analytics.usage;

import static io.inference.analytics.web.SharedParameter.CURSOR;
import static io.inference.analytics.web.SharedParameter.LIMIT;

import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.platform.Uuids;
import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import io.inference.analytics.web.QueryParameters.Fault;
import io.inference.analytics.web.Takes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
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
        QueryParameters parameters = QueryParameters.of(uri.getQueryParameters());
        int limit =
                parameters.optional("limit", ParameterValues.limit(LIMIT_MAX)).orElse(LIMIT_DEFAULT);
        Optional<CatalogStore.Named> after = parameters.optional("cursor", text -> cursor(orgId, text));
        parameters.finish();
        List<CatalogStore.Named> found = store.users(orgId, after, limit + 1);
        boolean more = found.size() > limit;
        List<CatalogStore.Named> shown = more ? found.subList(0, limit) : found;
        return new Page(
                orgId,
                shown.stream().map(user -> new User(user.id(), user.name())).toList(),
                more ? encode(orgId, shown.get(shown.size() - 1)) : null);
    }

    private static String encode(UUID org, CatalogStore.Named last) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString((org + " " + last.id() + " " + last.name()).getBytes(StandardCharsets.UTF_8));
    }

    private static CatalogStore.Named cursor(UUID org, String text) throws Fault {
        try {
            String[] parts = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8).split(" ", 3);
            if (parts.length == 3
                    && parts[0].equals(org.toString())
                    && Uuids.parse(parts[1]).isPresent()
                    && parts[2].indexOf('\0') < 0) {
                return new CatalogStore.Named(Uuids.parse(parts[1]).get(), parts[2]);
            }
        } catch (IllegalArgumentException e) {
            // Reported below.
        }
        throw new Fault("not a cursor (expected: nextCursor of an earlier response)");
    }
}
