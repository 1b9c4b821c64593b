package io.inference.analytics.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Tokens;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * An organisation with very many clients: no question about them may time out, cut its answer silently, or need more memory than the
 * image has. Each answer is checked against the number of clients and events.
 */
final class ClientsBenchmark {

    private static final int CLIENTS = 100_000;
    private static final int EVENTS_OF_A_CLIENT = 6;
    private static final int PAGE_ROWS = 1_000;
    private static final int ROUNDS = 3;
    private static final double RESIDENT_MIB_MAX = 512;
    private static final double ANSWER_SECONDS_MAX = 15;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Two days; the clients' hours differ. */
    private static final String FILL =
            """
            do $$
            begin
                perform analytics.ensure_day(day::date) from generate_series('LOW'::timestamptz, 'HIGH'::timestamptz, interval '1 day') as day;
                insert into analytics.usage_events (event_id, org_id, model_id, client_id, occurred_at, received_at, input_tokens,
                                                    output_tokens, latency_ms, status, cost_estimate_cents, batch_id)
                select gen_random_uuid(), 'ORG', lpad(to_hex(1 + event % 3), 32, '0')::uuid, 'client-' || client,
                       'LOW'::timestamptz + (client % 20 + event % 2 * 24) * interval '1 hour', now(), 1000 + client % 7, 100,
                       1200 + event, 'success', 0.01 + client * 0.0001, 0
                from generate_series(1, CLIENTS) as client, generate_series(1, EVENTS) as event;
                perform analytics.recompute_rollups('LOW', 'HIGH');
            end $$;
            """;

    private final UUID org = UUID.randomUUID();
    private final LocalDate first =
            LocalDate.ofInstant(Instant.now(), ZoneOffset.UTC).minusDays(4);
    private final List<String> notes;

    ClientsBenchmark(List<String> notes) {
        this.notes = notes;
    }

    List<Figure> run() throws Exception {
        if (!System.getProperty("analytics.test.flavour", "postgres").equals("postgres")) {
            throw new IllegalStateException("flavour: timescale (expected: postgres, whose rollups a function fills)");
        }
        List<Figure> figures = new ArrayList<>();
        try (Stack stack = new Stack("stream")) {
            stack.prepare();
            Bench.progress("making %,d clients".formatted(CLIENTS));
            stack.execute(FILL.replace("ORG", org.toString())
                    .replace("LOW", first + "T00:00:00Z")
                    .replace("HIGH", first.plusDays(2) + "T00:00:00Z")
                    .replace("CLIENTS", Integer.toString(CLIENTS))
                    .replace("EVENTS", Integer.toString(EVENTS_OF_A_CLIENT)));
            stack.execute("vacuum analyze");
            try (ServiceProcess service = stack.startService()) {
                figures.add(whole(stack, service, "usage?granularity=total&groupBy=client"));
                figures.add(whole(stack, service, "reliability?granularity=day&groupBy=client"));
                refused(stack, service, "usage?granularity=day&groupBy=client&groupBy=model");
                figures.add(pages(stack, service, "breakdown?by=client&orderBy=cost"));
                figures.add(pages(stack, service, "breakdown?by=client&orderBy=invocations&compare=previous"));
                figures.add(Figure.atMost(
                        "memory (clients, VmHWM)",
                        ProcessUsage.peakResidentMib(service.pid()),
                        RESIDENT_MIB_MAX,
                        "MiB"));
            }
        }
        return figures;
    }

    private HttpResponse<String> answer(Stack stack, ServiceProcess service, String question) {
        String token = Tokens.sign(Tokens.claims(List.of("org-admin"), org), stack.settings());
        return service.get(
                "/analytics/v1/orgs/%s/%s&start=%s&end=%s".formatted(org, question, first, first.plusDays(2)), token);
    }

    /** Every client is in the answer, or the answer says that it is not. */
    private Figure whole(Stack stack, ServiceProcess service, String question) throws Exception {
        Bench.progress(question);
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
            long started = System.nanoTime();
            HttpResponse<String> answer = answer(stack, service, question);
            seconds.add((System.nanoTime() - started) / 1e9);
            if (answer.statusCode() == 400 && answer.body().contains("groupBy: more than")) {
                notes.add(question + ": "
                        + JSON.readTree(answer.body()).path("detail").asText());
                continue;
            }
            Set<String> clients = new HashSet<>();
            JSON.readTree(answer.body())
                    .path("series")
                    .forEach(point -> clients.add(point.path("clientId").asText()));
            if (answer.statusCode() != 200 || clients.size() != CLIENTS) {
                throw new IllegalStateException(
                        question + ": " + answer.statusCode() + ", " + clients.size() + " clients");
            }
            if (i == 0) {
                notes.add("%s: %,d clients in %,d bytes"
                        .formatted(question, clients.size(), answer.body().length()));
            }
        }
        return Figure.atMost(question, Bench.median(seconds), ANSWER_SECONDS_MAX, "s");
    }

    private void refused(Stack stack, ServiceProcess service, String question) throws Exception {
        Bench.progress(question);
        HttpResponse<String> answer = answer(stack, service, question);
        if (answer.statusCode() != 400) {
            throw new IllegalStateException(question + ": " + answer.statusCode() + " (expected: 400)");
        }
        notes.add(question + ": 400, "
                + JSON.readTree(answer.body()).path("detail").asText());
    }

    /** All pages have each client once, and add up to what each of them says that the total is. */
    private Figure pages(Stack stack, ServiceProcess service, String question) throws Exception {
        Bench.progress(question);
        Set<String> clients = new HashSet<>();
        List<Double> seconds = new ArrayList<>();
        long invocations = 0;
        String cursor = "";
        do {
            long started = System.nanoTime();
            HttpResponse<String> answer = answer(stack, service, question + "&limit=" + PAGE_ROWS + cursor);
            seconds.add((System.nanoTime() - started) / 1e9);
            JsonNode page = JSON.readTree(answer.body());
            long ofPage = page.at("/rest/invocations").asLong();
            for (JsonNode row : page.path("rows")) {
                clients.add(row.path("key").asText());
                invocations += row.path("invocations").asLong();
                ofPage += row.path("invocations").asLong();
            }
            if (answer.statusCode() != 200 || ofPage != (long) CLIENTS * EVENTS_OF_A_CLIENT) {
                throw new IllegalStateException(question + ": " + answer.statusCode() + " " + answer.body());
            }
            cursor = page.hasNonNull("nextCursor")
                    ? "&cursor=" + page.get("nextCursor").asText()
                    : "";
        } while (!cursor.isEmpty());
        if (clients.size() != CLIENTS || invocations != (long) CLIENTS * EVENTS_OF_A_CLIENT) {
            throw new IllegalStateException(
                    question + ": " + clients.size() + " clients, " + invocations + " invocations");
        }
        notes.add("%s: %,d pages of %,d rows, each client once; first page %s s, slowest %s s"
                .formatted(
                        question,
                        seconds.size(),
                        PAGE_ROWS,
                        Figure.plain(seconds.get(0)),
                        Figure.plain(seconds.stream().max(Double::compare).orElseThrow())));
        return Figure.atMost(question + ", a page", Bench.median(seconds), 2, "s");
    }
}
