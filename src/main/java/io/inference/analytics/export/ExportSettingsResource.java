package io.inference.analytics.export;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.export.OrgExportSettings.Preferences;
import io.inference.analytics.web.JsonBody;
import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.time.ZoneId;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * How an organisation's monthly file is made, over HTTP. Where files go and how long they are kept can be read here; operators
 * set both on the command line, because the service's own credential writes there.
 */
@Path("/analytics/v1/orgs/{orgId}/export-settings")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "exports")
class ExportSettingsResource {

    private static final int DAYS_DIGITS_MAX = 4;

    private final OrgExportSettings settings;
    private final ExportConfig config;
    private final ApiDatabase database;

    ExportSettingsResource(OrgExportSettings settings, ExportConfig config, ApiDatabase database) {
        this.settings = settings;
        this.config = config;
        this.database = database;
    }

    /** The body as the OpenAPI document shows it. */
    @Schema(name = "ExportSettingsRequest", description = "What is left out goes back to its default")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Body(
            Boolean monthly,
            @Schema(minimum = "0", maximum = "27") Integer graceDays,
            ExportGranularity granularity,
            ExportFormat format,
            @Schema(description = "IANA name of a zone") String timeZone) {}

    /** What the organisation has set. */
    @Schema(name = "ExportSettings")
    record View(
            @Schema(nullable = true, description = "Whether the monthly file is made; null: as by default")
                    Boolean monthly,
            @Schema(description = "Whether it is made where nothing is set") boolean monthlyDefault,
            @Schema(
                            nullable = true,
                            description =
                                    "Days between the end of the month and its file; null: as by default. Files of"
                                            + " charges wait for the bill in any case")
                    Integer graceDays,
            @Schema(description = "The days where nothing is set") int graceDaysDefault,
            @Schema(
                            nullable = true,
                            enumeration = {"hourly", "daily", "monthly"},
                            description = "null: daily")
                    String granularity,
            @Schema(
                            nullable = true,
                            enumeration = {"csv", "focus", "focus-1.4", "focus-1.2", "focus-estimate"},
                            description = "null: csv")
                    String format,
            @Schema(nullable = true, description = "The zone whose months the file follows; null: UTC") String timeZone,
            @Schema(nullable = true, description = "Days that files are kept, where operators have set it")
                    Integer retentionDays,
            @Schema(nullable = true, description = "The bucket of the files, where operators have set it")
                    String bucket) {}

    @GET
    @Requires(Permission.EXPORTS_READ)
    @Operation(
            operationId = "getExportSettings",
            summary = "Get how the monthly file of an organisation is made",
            description = "What the organisation has set, and what holds where it has not.")
    public View get(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        return view(database.read(handle -> settings.of(handle, orgId)));
    }

    @PUT
    @Consumes(MediaType.APPLICATION_JSON)
    @Requires(Permission.EXPORTS_CREATE)
    @Operation(
            operationId = "setExportSettings",
            summary = "Set how the monthly file of an organisation is made",
            description =
                    "Holds for files that are made after this change. Where files go and how long they are kept stays as"
                            + " operators have set it.")
    @RequestBody(
            required = true,
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = Body.class)))
    public View set(@PathParam("orgId") UUID orgId, @Context UriInfo uri, byte[] body) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        Preferences wanted = parse(body);
        return view(database.change(handle -> {
            settings.setMonthly(handle, orgId, wanted);
            return settings.of(handle, orgId);
        }));
    }

    private static Preferences parse(byte[] bytes) {
        JsonBody body = JsonBody.parse(bytes, "{\"monthly\": …, \"format\": …}");
        Optional<Boolean> monthly = body.flag("monthly");
        Optional<Integer> graceDays =
                body.decimal("graceDays", DAYS_DIGITS_MAX, 0).map(days -> days.intValue());
        Optional<ExportGranularity> granularity = body.optional(
                "granularity", QueryParameters.oneOf(ExportGranularity.values(), ExportGranularity::wireName));
        Optional<ExportFormat> format =
                body.optional("format", QueryParameters.oneOf(ExportFormat.values(), ExportFormat::wireName));
        Optional<String> zone = body.optional("timeZone", ParameterValues::zone).map(ZoneId::getId);
        body.finish();
        return new Preferences(monthly, graceDays, granularity, format, zone, Optional.empty(), Optional.empty())
                .checked();
    }

    private View view(Preferences set) {
        return new View(
                set.monthly().orElse(null),
                config.monthly(),
                set.graceDays().orElse(null),
                config.graceDays(),
                set.granularity().map(ExportGranularity::wireName).orElse(null),
                set.format().map(ExportFormat::wireName).orElse(null),
                set.timeZone().orElse(null),
                set.retentionDays().orElse(null),
                set.bucket().orElse(null));
    }
}
