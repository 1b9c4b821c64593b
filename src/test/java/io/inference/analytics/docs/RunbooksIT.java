package io.inference.analytics.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.Ports;
import io.inference.analytics.testing.TestBackends;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Takes the commands (code blocks of language sh) out of the pages and runs them, page by page in one shell, against a local stack
 * of its own. A command that fails, or that does not exist any more, fails its page.
 */
class RunbooksIT {

    private static final Pattern BLOCK = Pattern.compile("^```sh\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

    private static final Path QUESTIONS = Path.of("docs/questions.md");

    /** Of the page of questions: its heading, its command, and the answer to it. */
    private static final Pattern QUESTION = Pattern.compile(
            "^## ([^\n]*)\n\n```sh\n(.*?)^```\n\n```json\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String FAILING = "set -uo pipefail; trap 'echo \"failed: $BASH_COMMAND\"; exit 1' ERR\n";

    /** The events and names of local-dev/run, as far as the questions are about them. */
    private static final String SAMPLE =
            """
            local-dev/publish --scenario month --seed 42
            set -a; . <(local-dev/env); set +a
            TOKEN=$(local-dev/token --role system-admin)
            curl -fsS -X PUT -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
              "$SERVICE_URL/analytics/v1/catalog/names" -d '{
                "models": {"00000000-0000-4000-9000-000000000001": "small-3",
                           "00000000-0000-4000-9000-000000000002": "large-3"},
                "users": {"00000000-0000-4000-a001-000000000001": "Ada Adler",
                          "00000000-0000-4000-a001-000000000002": "Ben Baker"} }'
            until curl -fsS -H "Authorization: Bearer $TOKEN" \
              "$SERVICE_URL/analytics/v1/orgs/00000000-0000-4000-8000-000000000001/usage?period=last-7-days&groupBy=user" \
              | grep -q 'Ben Baker'
            do sleep 1; done
            """;

    private static final List<String> RUNBOOKS = List.of(
            "citus.md",
            "dlq-replay.md",
            "duplicates-and-conflicts.md",
            "incident-response.md",
            "ingest-backpressure.md",
            "other-stream.md",
            "restore.md",
            "schema-migration.md",
            "service-down.md",
            "stuck-export.md",
            "stuck-rollup.md",
            "synthetic-check.md",
            "unusual-spend.md");

    private static final TestBackends BACKENDS =
            new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ, Backend.REDIS, Backend.S3);

    @BeforeAll
    static void start() {
        LocalDev.forgetService();
        Map<String, String> settings = new HashMap<>(BACKENDS.start());
        // Those of the pages are made by local-dev/token.
        settings.keySet().removeIf(name -> name.startsWith("JWT_"));
        // Another stack of this machine may have the usual ports.
        settings.put("HTTP_PORT", Integer.toString(Ports.free()));
        settings.put("MANAGEMENT_PORT", Integer.toString(Ports.free()));
        settings.put("EXPORT_WORKER_INTERVAL", "1s");
        works(settings, "local-dev/backend service start");
    }

    @AfterAll
    static void stop() {
        works(Map.of(), "local-dev/backend service stop");
        LocalDev.forgetService();
        BACKENDS.stop();
    }

    @TestFactory
    Stream<DynamicTest> everyCommandOfThePageWorks() throws IOException {
        List<Path> pages = new ArrayList<>(List.of(Path.of("docs/reliability.md")));
        try (Stream<Path> runbooks = Files.list(Path.of("docs/runbooks"))) {
            runbooks.filter(page -> !page.endsWith("README.md")).sorted().forEach(pages::add);
        }
        assertThat(pages.stream().skip(1).map(page -> page.getFileName().toString()))
                .containsExactlyElementsOf(RUNBOOKS);
        return pages.stream().map(page -> DynamicTest.dynamicTest(page.toString(), () -> run(page)));
    }

    private static void run(Path page) throws IOException {
        Matcher blocks = BLOCK.matcher(Files.readString(page, StandardCharsets.UTF_8));
        StringBuilder script = new StringBuilder(FAILING);
        int found = 0;
        while (blocks.find()) {
            script.append(blocks.group(1)).append('\n');
            found++;
        }
        assertThat(found).as("commands in %s", page).isPositive();
        works(Map.of(), script.toString());
    }

    @TestFactory
    Stream<DynamicTest> everyQuestionHasTheAnswerOfThePage() throws IOException {
        works(Map.of(), SAMPLE);
        Matcher questions = QUESTION.matcher(Files.readString(QUESTIONS, StandardCharsets.UTF_8));
        Matcher setUp = BLOCK.matcher(Files.readString(QUESTIONS, StandardCharsets.UTF_8));
        assertThat(setUp.find()).isTrue();
        List<DynamicTest> tests = new ArrayList<>();
        while (questions.find()) {
            String command = questions.group(2);
            String shown = questions.group(3);
            tests.add(DynamicTest.dynamicTest(questions.group(1), () -> {
                LocalDev.Result answer = LocalDev.script(Map.of(), FAILING + setUp.group(1) + command);
                assertThat(answer.exitCode()).as(answer.output()).isZero();
                assertThat(AnswerShape.differences(JSON.readTree(shown), JSON.readTree(answer.output())))
                        .as(answer.output())
                        .isEmpty();
            }));
        }
        assertThat(tests).hasSize(5);
        return tests.stream();
    }

    @Test
    void aServiceThatStandsStillFailsTheSyntheticCheck() throws Exception {
        try (Listener pushgateway = new Listener("{}")) {
            works(Map.of(), "local-dev/backend service pause");
            try {
                LocalDev.Result late = LocalDev.script(
                        Map.of("PUSHGATEWAY_URL", pushgateway.url()), "local-dev/analytics synthetic --timeout 1");
                assertThat(late.exitCode()).as(late.output()).isEqualTo(1);
                assertThat(late.output()).contains("WRONG OR LATE", "found no answer");
            } finally {
                works(Map.of(), "local-dev/backend service resume");
            }
            assertThat(pushgateway.taken())
                    .startsWith("PUT /metrics/job/analytics_synthetic\n")
                    .contains("analytics_synthetic_success 0\n", "analytics_synthetic_last_run_timestamp_seconds 1");
        }
    }

    @Test
    void figuresThatAreNotThoseOfTheEventsFailTheSyntheticCheck() throws Exception {
        // An answer of the right form; one invocation is missing.
        String answer =
                """
                {"totals":{"invocations":19,"errors":5,"inputTokens":20000,"outputTokens":200,"costEstimateCents":60}}""";
        try (Listener service = new Listener(answer)) {
            LocalDev.Result wrong =
                    LocalDev.script(Map.of(), "local-dev/analytics synthetic --timeout 1 --url " + service.url());
            assertThat(wrong.exitCode()).as(wrong.output()).isEqualTo(1);
            assertThat(wrong.output()).contains("expected invocations=20 ", "found invocations=19 ");
        }
    }

    private static void works(Map<String, String> environment, String commands) {
        LocalDev.Result result = LocalDev.script(environment, commands);
        assertThat(result.exitCode()).as(result.output()).isZero();
    }

    /** Gives every request the same answer and keeps what it said. */
    private static final class Listener implements AutoCloseable {

        private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();
        private final HttpServer server;

        Listener(String answer) throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + "\n"
                        + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                byte[] body = answer.getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
                exchange.close();
            });
            server.start();
        }

        String url() {
            return "http://127.0.0.1:" + server.getAddress().getPort();
        }

        String taken() {
            return requests.remove();
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }
}
