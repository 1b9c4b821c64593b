import analytics.client.ApiClient;
import analytics.client.ApiException;
import analytics.client.api.EventsApi;
import analytics.client.api.ExportsApi;
import analytics.client.api.FreshnessApi;
import analytics.client.api.ReliabilityApi;
import analytics.client.api.UsageApi;
import analytics.client.model.ExportRequest;
import analytics.client.model.ExportTimeRange;
import analytics.client.model.Percentile;
import analytics.client.model.Problem;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Compiled together with the generated client; asks the service and writes what the client understood as JSON. */
public final class Ask {

    private Ask() {}

    public static String ask(String url, String token, String orgId, String jobId) throws Exception {
        ApiClient client = new ApiClient();
        client.updateBaseUri(url);
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
        UUID org = UUID.fromString(orgId);
        OffsetDateTime start = OffsetDateTime.parse("2026-03-01T00:00:00Z");
        OffsetDateTime end = OffsetDateTime.parse("2026-03-03T00:00:00Z");
        Map<String, Object> answers = new LinkedHashMap<>();
        answers.put(
                "usage",
                new UsageApi(client)
                        .getUsage(
                                org, start, end, null, "day", null, null, null, null, null, null, List.of("model", "client"),
                                null, null, null, null));
        answers.put(
                "reliability",
                new ReliabilityApi(client)
                        .getReliability(
                                org, start, end, null, "hour", null, null, null, null, null, List.of("model"), Percentile.P95,
                                null));
        answers.put("freshness", new FreshnessApi(client).getFreshness(org));
        ExportsApi exports = new ExportsApi(client);
        answers.put("export", exports.getExport(org, UUID.fromString(jobId)));
        answers.put("exports", exports.listExports(org, 1, null, List.of("succeeded")));
        ExportRequest order = new ExportRequest().timeRange(new ExportTimeRange().start(start).end(end));
        answers.put("created", exports.createExport(org, order, "made-by-java").getJobId());
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("orgId", orgId);
        try {
            new EventsApi(client).validateEvent(List.of(event));
            answers.put("faults", "none");
        } catch (ApiException e) {
            answers.put("faults", client.getObjectMapper().readValue(e.getResponseBody(), Problem.class).getErrors());
        }
        return client.getObjectMapper().writeValueAsString(answers);
    }
}
