package io.inference.analytics.company;

import static io.inference.analytics.web.SharedParameter.CURSOR;
import static io.inference.analytics.web.SharedParameter.DAYS_END;
import static io.inference.analytics.web.SharedParameter.DAYS_PERIOD;
import static io.inference.analytics.web.SharedParameter.LIMIT;
import static io.inference.analytics.web.SharedParameter.PROVIDER;
import static io.inference.analytics.web.SharedParameter.START;

import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.bills.ImportCalendar;
import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.web.Takes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Which bills are imported, by which runs, and what was corrected, over HTTP. */
@Path("/analytics/v1/provider-imports")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "providers")
class ProviderImportsResource {

    private final ImportCalendar calendar;
    private final ApiDatabase database;
    private final Clock clock;

    ProviderImportsResource(ImportCalendar calendar, ApiDatabase database, Clock clock) {
        this.calendar = calendar;
        this.database = database;
        this.clock = clock;
    }

    @GET
    @Requires(Permission.PROVIDERS_READ)
    @Takes({START, DAYS_END, DAYS_PERIOD, PROVIDER, LIMIT, CURSOR})
    @Operation(
            operationId = "listImportDays",
            summary = "List which days of the providers are imported",
            description =
                    "For each UTC day, provider and organisation what came of the last attempt, by data set, and whether"
                            + " the day is final. A day is listed from the first one on that was ever tried, and once it is over."
                            + " The page of limit days begins with the newest.")
    public ImportDays days(@Context UriInfo uri) {
        ImportQuery<LocalDate> query = ImportQuery.ofDays(uri.getQueryParameters(), clock.instant());
        CompanyQuery range = query.days().orElseThrow();
        LocalDate over = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).minusDays(1);
        LocalDate last = earlier(
                range.end().minusDays(1),
                earlier(over, query.after().map(day -> day.minusDays(1)).orElse(over)));
        LocalDate first = last.minusDays(query.limit() - 1L);
        boolean more = first.isAfter(range.first());
        LocalDate from = more ? first : range.first();
        if (last.isBefore(from)) {
            return ImportDays.of(List.of(), Optional.empty());
        }
        return database.read(handle -> ImportDays.of(
                calendar.days(handle, query.provider(), from, last), more ? Optional.of(from) : Optional.empty()));
    }

    private static LocalDate earlier(LocalDate one, LocalDate other) {
        return one.isBefore(other) ? one : other;
    }

    @GET
    @Path("runs")
    @Requires(Permission.PROVIDERS_READ)
    @Takes({PROVIDER, LIMIT, CURSOR})
    @Operation(
            operationId = "listImportRuns",
            summary = "List the runs of imports",
            description = "The newest first: for which days, who asked for it, and how it ended.")
    public ImportRuns runs(@Context UriInfo uri) {
        ImportQuery<ImportCalendar.RunEdge> query = ImportQuery.ofRuns(uri.getQueryParameters());
        return database.read(handle -> ImportRuns.of(
                calendar.runs(handle, query.provider(), query.after(), query.limit() + 1), query.limit()));
    }

    @GET
    @Path("corrections")
    @Requires(Permission.PROVIDERS_READ)
    @Takes({START, DAYS_END, DAYS_PERIOD, PROVIDER, LIMIT, CURSOR})
    @Operation(
            operationId = "listImportCorrections",
            summary = "List what providers changed in stored days",
            description =
                    "One entry per billed line that is no longer what it was when the day was stored, the newest first."
                            + " The range is that of the days that were corrected.")
    public ImportCorrections corrections(@Context UriInfo uri) {
        ImportQuery<Long> query = ImportQuery.ofCorrections(uri.getQueryParameters(), clock.instant());
        CompanyQuery range = query.days().orElseThrow();
        return database.read(handle -> ImportCorrections.of(
                calendar.corrections(
                        handle, query.provider(), range.first(), range.end(), query.after(), query.limit() + 1),
                query.limit()));
    }
}
