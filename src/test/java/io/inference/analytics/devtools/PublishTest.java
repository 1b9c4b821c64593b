package io.inference.analytics.devtools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class PublishTest {
    private static final Instant NOW = Instant.parse("2026-03-15T12:00:00Z");

    private final StringWriter stdout = new StringWriter();
    private final StringWriter stderr = new StringWriter();

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "--sample",
                "--sample x",
                "--sample -1",
                "--sample 1 file",
                "--sample 1 --rate 0",
                "--sample 1 --orgs 0",
                "--sample 1 --late 101",
                "--sample 1 --now yesterday",
                "file --out other",
                "--scenario flood",
                "--scenario incident --sample 1",
                "--bogus",
            })
    void wrongCommandLineIsUsageError(String arguments) {
        assertThat(run(Map.of(), arguments.isEmpty() ? new String[0] : arguments.split(" ", -1)))
                .isEqualTo(2);
        assertThat(stderr.toString())
                .startsWith("local-dev/publish: ")
                .hasLineCount(2)
                .endsWith("Try local-dev/publish --help." + System.lineSeparator());
        assertThat(stdout.toString()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "amqp://guest:secret@127.0.0.1:1", "no url with a secret", "http://secret"})
    void failureIsOneLineWithoutSecrets(String url) {
        assertThat(run(Map.of("RABBITMQ_URL", url), "--sample", "1")).isEqualTo(1);
        assertThat(stderr.toString())
                .startsWith("local-dev/publish: ")
                .hasLineCount(1)
                .doesNotContain("secret");
        assertThat(stdout.toString()).doesNotContain("published");
    }

    @Test
    void missingFileIsNamed() {
        String missing = directory.resolve("missing.ndjson").toString();
        assertThat(run(Map.of("RABBITMQ_URL", "amqp://127.0.0.1:1"), missing)).isEqualTo(1);
        assertThat(stderr.toString())
                .isEqualToIgnoringNewLines("local-dev/publish: " + missing + ": no such file or directory");
    }

    @Test
    void sampleIsWrittenAsLines() throws IOException {
        Path file = directory.resolve("sample.ndjson");
        assertThat(run(
                        Map.of(),
                        "--sample",
                        "50",
                        "--orgs",
                        "1",
                        "--seed",
                        "9",
                        "--malformed",
                        "20",
                        "--now",
                        NOW.toString(),
                        "--out",
                        file.toString()))
                .isZero();
        assertThat(stdout.toString().lines())
                .containsExactly("org 00000000-0000-4000-8000-000000000001", "wrote 50 messages to " + file);
        try (var in = Files.newInputStream(file)) {
            ExpectedTotals totals = ExpectedTotals.of(() -> new MessageLines(in), NOW);
            assertThat(totals.stored()).isEqualTo(40);
            assertThat(totals.deadLetters()).isEqualTo(10);
        }
    }

    @Test
    void theIncidentIsOneModelForOneClientForTenMinutes() throws IOException {
        Path file = directory.resolve("incident.ndjson");
        assertThat(run(Map.of(), "--scenario", "incident", "--seed", "3", "--out", file.toString()))
                .isZero();
        assertThat(stdout.toString().lines().findFirst())
                .contains("incident org 00000000-0000-4000-8000-000000000001 model"
                        + " 00000000-0000-4000-9000-000000000002 client client-2 from 2026-03-15T11:48:00Z to"
                        + " 2026-03-15T11:58:00Z");
        try (var in = Files.newInputStream(file)) {
            ExpectedTotals totals = ExpectedTotals.of(() -> new MessageLines(in), NOW);
            assertThat(totals.stored()).isEqualTo(IncidentScenario.EVENTS);
        }
        try (var lines = Files.lines(file)) {
            assertThat(lines.filter(line -> line.contains("\"timeout\"")))
                    .hasSizeBetween(30, 80)
                    .allSatisfy(line -> assertThat(line)
                            .contains(IncidentScenario.ORG, IncidentScenario.MODEL, IncidentScenario.CLIENT, "T11:"));
        }
    }

    /** One time per weekday, so that the incident falls on a working day whatever today is. */
    @ParameterizedTest
    @ValueSource(ints = {15, 16, 17, 18, 19, 20, 21})
    void theMonthHasARhythmAModelWithoutAPriceAndAnIncidentLastWeek(int day) throws IOException {
        Path file = directory.resolve("month.ndjson");
        Instant now = Instant.parse("2026-03-" + day + "T12:00:00Z");
        assertThat(run(Map.of(), "--scenario=month", "--seed=3", "--now=" + now, "--out=" + file))
                .isZero();
        Matcher found = Pattern.compile("^incident .* from (\\S+) to (\\S+)").matcher(stdout.toString());
        assertThat(found.find()).isTrue();
        Instant begins = Instant.parse(found.group(1));
        assertThat(begins).isBetween(now.minus(7, ChronoUnit.DAYS), now.minus(3, ChronoUnit.DAYS));
        assertThat(begins.atOffset(ZoneOffset.UTC).getDayOfWeek()).isLessThan(DayOfWeek.SATURDAY);
        List<JsonNode> events = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            events.add(new ObjectMapper().readTree(line));
        }
        try (var in = Files.newInputStream(file)) {
            assertThat(ExpectedTotals.of(() -> new MessageLines(in), now).stored())
                    .isEqualTo(events.size());
        }
        assertThat(events)
                .filteredOn(event -> event.path("status").asText().equals("timeout"))
                .hasSize(60)
                .allSatisfy(event -> assertThat(
                                Instant.parse(event.path("occurredAt").asText()))
                        .isBetween(begins, Instant.parse(found.group(2))));
        assertThat(events)
                .as("by model and by client, the hour before has enough traffic to show a spike")
                .filteredOn(event -> event.path("modelId").asText().equals(MonthScenario.INCIDENT_MODEL)
                        && event.path("clientId").asText().equals(MonthScenario.INCIDENT_CLIENT))
                .extracting(event -> Instant.parse(event.path("occurredAt").asText()))
                .filteredOn(at -> at.isBefore(begins) && !at.isBefore(begins.minus(1, ChronoUnit.HOURS)))
                .hasSizeGreaterThanOrEqualTo(30);
        assertThat(events)
                .filteredOn(event -> event.path("costEstimateCents").isMissingNode())
                .isNotEmpty()
                .allSatisfy(event -> assertThat(event.path("modelId").asText())
                        .isEqualTo(SampleOptions.modelId(MonthScenario.UNPRICED_MODEL)))
                .extracting(event -> event.path("clientId").asText())
                .containsOnly("client-" + MonthScenario.UNPRICED_CLIENT);
        assertThat(values(events, "modelId")).hasSize(5);
        assertThat(values(events, "clientId")).hasSize(3);
        assertThat(values(events, "actorId")).hasSize(2 * MonthScenario.USERS);
        assertThat(callsOf(events, now, DayOfWeek.TUESDAY)).isGreaterThan(3 * callsOf(events, now, DayOfWeek.SUNDAY));
    }

    private static Set<String> values(List<JsonNode> events, String field) {
        return events.stream().map(event -> event.path(field).asText()).collect(Collectors.toSet());
    }

    /** Of the first such weekday that is a whole one in the month. */
    private static long callsOf(List<JsonNode> events, Instant now, DayOfWeek weekday) {
        String date = LocalDate.ofInstant(now, ZoneOffset.UTC)
                .minusDays(29)
                .with(TemporalAdjusters.nextOrSame(weekday))
                .toString();
        return events.stream()
                .filter(event -> event.path("occurredAt").asText().startsWith(date))
                .count();
    }

    private int run(Map<String, String> environment, String... arguments) {
        CommandLine commandLine = Publish.commandLine(Clock.fixed(NOW, ZoneOffset.UTC), environment);
        return commandLine
                .setOut(new PrintWriter(stdout, true))
                .setErr(new PrintWriter(stderr, true))
                .execute(arguments);
    }
}
