package io.inference.analytics.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Tokens;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;

/**
 * The same 31 days asked for in days of UTC and of zones whose midnights lie within an hour of UTC: before the days of the zone are
 * built, and with them. All zones take turns, so that the load of the machine meets all of them.
 */
final class ZonesBenchmark {

    private static final int DAYS = 31;
    private static final int WARM_UP = 10;
    private static final int ROUNDS = 30;
    private static final int ROUNDS_FROM_HOURS = 5;
    private static final int EXPORTS = 3;
    private static final double TARGET = 2;
    private static final String UTC = "UTC";
    private static final List<String> ZONES = List.of(UTC, "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns");
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** 40 models, 5 clients, 20 users; 10 events of each model and hour, in any minute. */
    private static final String FILL =
            """
            do $$
            begin
                perform analytics.ensure_day(day::date) from generate_series('LOW'::timestamptz, 'HIGH'::timestamptz, interval '1 day') as day;
                insert into analytics.usage_events (event_id, org_id, model_id, client_id, actor_id, occurred_at, received_at, input_tokens,
                                                    output_tokens, latency_ms, status, cost_estimate_cents, batch_id)
                select gen_random_uuid(), 'ORG', lpad(to_hex(model), 32, '0')::uuid, 'client-' || event % 5,
                       lpad(to_hex(1 + (event + hour) % 20), 32, '0')::uuid,
                       'LOW'::timestamptz + hour * interval '1 hour' + event * interval '6 minutes', now(), 1000 + event, 100 + model % 100,
                       1200 + model * 10 + event, case when (event + hour) % 50 = 0 then 'error' else 'success' end, 0.12345678, 0
                from generate_series(0, HOURS - 1) as hour, generate_series(1, 40) as model, generate_series(0, 9) as event;
                perform analytics.recompute_rollups('LOW', 'HIGH');
                perform analytics.recompute_user_rollups('LOW', 'HIGH');
            end $$;
            """;

    private static final Map<String, String> QUESTIONS = new LinkedHashMap<>();

    static {
        QUESTIONS.put("usage by day", "usage?granularity=day");
        QUESTIONS.put("usage by day and model", "usage?granularity=day&groupBy=model");
        QUESTIONS.put("usage by day and user", "usage?granularity=day&groupBy=user");
        QUESTIONS.put("usage by month", "usage?granularity=month");
        QUESTIONS.put("reliability by day", "reliability?granularity=day");
        QUESTIONS.put("reliability by day and model", "reliability?granularity=day&groupBy=model");
        QUESTIONS.put("breakdown by client", "breakdown?by=client");
        QUESTIONS.put("breakdown by model, compared", "breakdown?by=model&compare=previous");
    }

    private final UUID org = UUID.randomUUID();
    private final LocalDate last =
            LocalDate.ofInstant(Instant.now(), ZoneOffset.UTC).minusDays(2);
    private final LocalDate first = last.minusDays(DAYS);
    private final List<String> notes;

    ZonesBenchmark(List<String> notes) {
        this.notes = notes;
    }

    List<Figure> run() throws Exception {
        if (!System.getProperty("analytics.test.flavour", "postgres").equals("postgres")) {
            throw new IllegalStateException("flavour: timescale (expected: postgres, whose rollups a function fills)");
        }
        List<Figure> figures = new ArrayList<>();
        try (Stack stack = new Stack("stream", Backend.S3)) {
            stack.prepare();
            Bench.progress("making " + 2 * DAYS + " days of 40 models");
            stack.execute(FILL.replace("ORG", org.toString())
                    .replace("LOW", first.minusDays(DAYS + 1) + "T00:00:00Z")
                    .replace("HIGH", last.plusDays(2) + "T00:00:00Z")
                    .replace("HOURS", Integer.toString((2 * DAYS + 2) * 24)));
            stack.execute("vacuum analyze");
            try (ServiceProcess service = stack.startService()) {
                Map<String, Map<String, Double>> fromHours = fromHours(stack, service);
                awaitBuilt(stack);
                Bench.progress("asking with days that are built");
                Map<String, Map<String, Double>> built = asked(stack, service, ROUNDS);
                built.forEach((question, zones) -> zones.forEach((zone, ms) -> {
                    if (!zone.equals(UTC)) {
                        figures.add(Figure.atMost(
                                question + ", " + zone, ms, UTC, zones.get(UTC), TARGET * zones.get(UTC), "ms"));
                    }
                }));
                fromHours.forEach((question, zones) -> notes.add(question + ", before days are built: " + text(zones)));
                notes.add("export of 31 days by day: " + text(exported(stack, service)));
            }
        }
        notes.add("medians; 31 days, 40 models, 5 clients, 20 users, 9,600 events per day");
        return figures;
    }

    private static String text(Map<String, Double> zones) {
        List<String> parts = new ArrayList<>();
        zones.forEach((zone, ms) -> parts.add(zone + " " + Figure.plain(ms) + " ms"));
        return String.join(", ", parts);
    }

    /** Nothing is built while the spans are locked; questions only read them. */
    private Map<String, Map<String, Double>> fromHours(Stack stack, ServiceProcess service) throws Exception {
        Bench.progress("asking before days are built");
        try (Connection holder = stack.database();
                Statement statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            statement.execute("lock table analytics.local_spans in share mode");
            Map<String, Map<String, Double>> asked = asked(stack, service, ROUNDS_FROM_HOURS);
            holder.rollback();
            return asked;
        }
    }

    /** A question of each zone notes it, and finished days of it are built. */
    private static void awaitBuilt(Stack stack) {
        Bench.progress("building the days");
        int zones = ZONES.size() - 1;
        for (String kind : List.of("usage", "users", "histograms")) {
            Awaitility.await("spans of " + kind)
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> stack.number("select count(*) from analytics.local_spans where built and kind = '"
                                            + kind + "'")
                                    >= zones * (DAYS - 2)
                            && stack.number("select count(*) from analytics.local_spans where not built and span_end <"
                                            + " now() - interval '3 hours'")
                                    == 0);
        }
    }

    private Map<String, Map<String, Double>> asked(Stack stack, ServiceProcess service, int rounds) throws Exception {
        Map<String, Map<String, Double>> medians = new LinkedHashMap<>();
        for (Map.Entry<String, String> question : QUESTIONS.entrySet()) {
            Map<String, List<Double>> ms = new LinkedHashMap<>();
            for (int i = -Math.min(WARM_UP, rounds); i < rounds; i++) {
                for (String zone : ZONES) {
                    double took = ask(stack, service, question.getValue(), zone);
                    if (i >= 0) {
                        ms.computeIfAbsent(zone, any -> new ArrayList<>()).add(took);
                    }
                }
            }
            Map<String, Double> ofZones = new LinkedHashMap<>();
            ms.forEach((zone, all) -> ofZones.put(zone, Bench.median(all)));
            medians.put(question.getKey(), ofZones);
        }
        return medians;
    }

    private double ask(Stack stack, ServiceProcess service, String question, String zone) throws Exception {
        String path =
                "/analytics/v1/orgs/%s/%s&start=%s&end=%s&timeZone=%s".formatted(org, question, first, last, zone);
        String token = Tokens.sign(Tokens.claims(List.of("org-admin"), org), stack.settings());
        long started = System.nanoTime();
        HttpResponse<String> answer = service.get(path, token);
        double ms = (System.nanoTime() - started) / 1e6;
        if (answer.statusCode() != 200 || answer.body().length() < 200) {
            throw new IllegalStateException(path + ": " + answer.statusCode() + " " + answer.body());
        }
        return ms;
    }

    private Map<String, Double> exported(Stack stack, ServiceProcess service) throws Exception {
        Bench.progress("exporting");
        Map<String, List<Double>> ms = new LinkedHashMap<>();
        for (int i = 0; i < EXPORTS; i++) {
            for (String zone : ZONES) {
                ms.computeIfAbsent(zone, any -> new ArrayList<>()).add(export(stack, service, zone));
            }
        }
        Map<String, Double> medians = new LinkedHashMap<>();
        ms.forEach((zone, all) -> medians.put(zone, Bench.median(all)));
        return medians;
    }

    private double export(Stack stack, ServiceProcess service, String zone) throws Exception {
        String path = "/analytics/v1/orgs/" + org + "/exports";
        String body =
                "{\"granularity\": \"daily\", \"timeZone\": \"%s\", \"timeRange\": {\"start\": \"%s\", \"end\": \"%s\"}}"
                        .formatted(zone, first, last);
        String id = JSON.readTree(service.post(path, body, finance(stack)).body())
                .path("jobId")
                .asText();
        Awaitility.await("export " + id)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> job(stack, service, path + "/" + id).hasNonNull("completedAt"));
        JsonNode job = job(stack, service, path + "/" + id);
        if (!job.path("status").asText().equals("succeeded")) {
            throw new IllegalStateException(job.toPrettyString());
        }
        return Duration.between(
                        Instant.parse(job.get("startedAt").asText()),
                        Instant.parse(job.get("completedAt").asText()))
                .toMillis();
    }

    private String finance(Stack stack) {
        return Tokens.sign(Tokens.claims(List.of("finance"), org), stack.settings());
    }

    private JsonNode job(Stack stack, ServiceProcess service, String path) throws Exception {
        return JSON.readTree(service.get(path, finance(stack)).body());
    }
}
