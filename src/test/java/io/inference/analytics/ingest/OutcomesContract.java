package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.ingest.IngestLab.Letter;
import io.inference.analytics.testing.Tokens;
import io.restassured.RestAssured;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What becomes of each message, good or bad, through a real broker into a real database. The subclasses bind it to the
 * transports; the build binds it to the storage flavours.
 */
abstract class OutcomesContract {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Inject
    AgroalDataSource database;

    @Inject
    Ingestion ingestion;

    @Inject
    IngestPipeline pipeline;

    @ConfigProperty(name = "RABBITMQ_URL")
    String brokerUrl;

    private IngestLab lab;
    private OutcomeSums before;

    @BeforeEach
    void begin() throws Exception {
        lab = new IngestLab(brokerUrl, database);
        await().atMost(PATIENCE).until(() -> ingestion.reader().view().reads());
        lab.letters();
        before = OutcomeSums.of(lab);
    }

    @AfterEach
    void end() throws Exception {
        assertThat(
                        lab.number(
                                "select count(*) from analytics.ingestion_batches where received <> stored + duplicates + conflicts + dead_lettered"))
                .isZero();
        for (String outcome : List.of("duplicates", "conflicts")) {
            assertThat(lab.number("select coalesce(sum(" + outcome + "), 0) from analytics.ingestion_repeats"))
                    .as("%s by client and model", outcome)
                    .isEqualTo(OutcomeSums.sum(lab, outcome));
        }
        lab.close();
    }

    private OutcomeSums outcomes() throws SQLException {
        return OutcomeSums.of(lab).minus(before);
    }

    private void awaitOutcomes(long stored, long duplicates, long conflicts, long deadLettered) {
        OutcomeSums expected = new OutcomeSums(
                stored + duplicates + conflicts + deadLettered, stored, duplicates, conflicts, deadLettered);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(outcomes()).isEqualTo(expected));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String array(Object... elements) {
        return Arrays.stream(elements).map(Object::toString).collect(Collectors.joining(", \n", "[ ", " ]"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.inference.analytics.ingest.BadMessages#all")
    void aBadMessageIsDeadLetteredAsItCame(BadMessages.Bad bad) throws Exception {
        EventJson next = lab.event();
        Instant published = Instant.now();
        lab.publish(List.of(bad.body(), next.bytes()));
        awaitOutcomes(1, 0, 0, 1);
        assertThat(lab.isStored(next)).isTrue();
        assertThat(lab.letters()).singleElement().satisfies(letter -> assertLetter(letter, bad, published));
    }

    @Test
    void eventsOverHttpAreStoredOnceAndByValue() throws Exception {
        EventJson event = lab.event()
                .with("inputTokens", "9007199254740992")
                .with("outputTokens", "5.0")
                .with("costEstimateCents", "123456789012.12345678");
        for (String body : List.of(event.toString(), array(event, lab.event()))) {
            RestAssured.given()
                    .auth()
                    .oauth2(Tokens.of("analytics:events:write", lab.org()))
                    .contentType("application/json")
                    .body(body)
                    .post("/analytics/v1/orgs/" + lab.org() + "/events")
                    .then()
                    .statusCode(202);
        }
        awaitOutcomes(2, 1, 0, 0);
        assertThat(lab.value(
                        "select cost_estimate_cents from analytics.usage_events where event_id = ?::uuid and input_tokens = 9007199254740992",
                        IngestLab.id(event)))
                .isEqualTo(new BigDecimal("123456789012.12345678"));
    }

    /** Each is another one's undoing if it is not kept apart. */
    @Test
    void badMessagesHarmNoOther() throws Exception {
        List<BadMessages.Bad> bad = BadMessages.all();
        List<byte[]> bodies = new ArrayList<>();
        bad.forEach(message -> {
            bodies.add(message.body());
            bodies.add(lab.event().bytes());
        });
        Instant published = Instant.now();
        lab.publish(bodies);
        awaitOutcomes(bad.size(), 0, 0, bad.size());
        assertThat(lab.stored()).isEqualTo(bad.size());
        List<Letter> letters = lab.letters();
        assertThat(letters).hasSameSizeAs(bad);
        // Lanes store theirs at the same time, so the order is not that of the messages.
        for (BadMessages.Bad message : bad) {
            assertThat(letters)
                    .as(message.toString())
                    .filteredOn(letter -> Arrays.equals(letter.payload(), message.body()))
                    .singleElement()
                    .satisfies(letter -> assertLetter(letter, message, published));
        }
    }

    private static void assertLetter(Letter letter, BadMessages.Bad bad, Instant published) {
        assertThat(letter.payload()).as(bad.toString()).isEqualTo(bad.body());
        assertThat(letter.header("x-reason")).as(bad.toString()).isEqualTo(bad.reason());
        assertThat(letter.header("x-detail")).as(bad.toString()).isNotBlank();
        assertThat(Instant.parse(letter.header("x-first-seen")))
                .as(bad.toString())
                .isAfterOrEqualTo(published.minusSeconds(1));
    }

    @Test
    void oddButLegalInputIsStoredByValue() throws Exception {
        Instant now = Instant.now();
        EventJson greatest = lab.event()
                .with("inputTokens", "9007199254740992")
                .with("latencyMs", "12e2")
                .with("outputTokens", "5.0")
                .with("costEstimateCents", "123456789012.12345678");
        EventJson odd = lab.event()
                .with("unknown", "{\"a\":[[[\"\\u0000\"]],1e999999999]}")
                .with("clientId", "\"\\ud83d\\ude00 Grüße\"")
                .with("actorId", "null")
                .with("latencyMs", "0")
                .with("costEstimateCents", "1e-8");
        EventJson ahead = lab.event(now.plus(4, ChronoUnit.MINUTES));
        EventJson oldest = lab.event(now.minus(399, ChronoUnit.DAYS));
        lab.publish(greatest, odd, ahead, oldest);
        lab.publish(List.of(BadMessages.padded(lab.event(), 64 * 1024), utf8("[]"), utf8(" [ ] ")));
        lab.publish(List.of(utf8(array(lab.event(), lab.event()))));
        awaitOutcomes(7, 0, 0, 0);
        assertThat(lab.isStored(ahead) && lab.isStored(oldest)).isTrue();
        String of = " from analytics.usage_events where event_id = ?::uuid";
        assertThat(lab.value("select input_tokens" + of, IngestLab.id(greatest)))
                .isEqualTo(9_007_199_254_740_992L);
        assertThat(lab.value("select latency_ms" + of, IngestLab.id(greatest))).isEqualTo(1_200L);
        assertThat(lab.value("select output_tokens" + of, IngestLab.id(greatest)))
                .isEqualTo(5L);
        assertThat(lab.value("select cost_estimate_cents" + of, IngestLab.id(greatest)))
                .isEqualTo(new BigDecimal("123456789012.12345678"));
        assertThat(lab.value("select client_id" + of, IngestLab.id(odd))).isEqualTo("\ud83d\ude00 Grüße");
        assertThat(lab.value("select cost_estimate_cents" + of, IngestLab.id(odd)))
                .isEqualTo(new BigDecimal("0.00000001"));
        assertThat(lab.value("select actor_id" + of, IngestLab.id(odd))).isNull();
        assertThat(lab.letters()).isEmpty();
    }

    @Test
    void ofAnArrayOnlyTheBadElementIsDeadLettered() throws Exception {
        EventJson negative = lab.event().with("latencyMs", "-1").with("clientId", "\" spaced  out \"");
        EventJson first = lab.event();
        EventJson last = lab.event();
        String nested = "[" + lab.event() + "]";
        lab.publish("an-array", utf8(array(first, negative, "17", nested, "null", "{ }", first, last)));
        awaitOutcomes(2, 1, 0, 5);
        assertThat(lab.isStored(first) && lab.isStored(last)).isTrue();
        assertThat(lab.letters().stream()
                        .map(letter ->
                                letter.header("x-reason") + " " + new String(letter.payload(), StandardCharsets.UTF_8)))
                .containsExactlyInAnyOrder(
                        "negative_value " + negative,
                        "malformed_json 17",
                        "malformed_json " + nested,
                        "malformed_json null",
                        "missing_field { }");
    }

    @Test
    void aBatchSaysWhatItHeld() throws Exception {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        EventJson oldest = lab.event(now.minus(3, ChronoUnit.HOURS));
        EventJson newest = lab.event(now);
        EventJson conflict = newest.with("outputTokens", "51");
        String id = UUID.randomUUID().toString();
        lab.publish(id, utf8(array(oldest, newest, oldest, conflict, lab.event(now.minusSeconds(60)), "{}")));
        awaitOutcomes(3, 1, 1, 1);
        String of = " from analytics.ingestion_batches where correlation_id = ?";
        assertThat(lab.value(
                        "select concat_ws(' ', kind, messages, received, stored, duplicates, conflicts, dead_lettered, late)"
                                + of,
                        id))
                .isEqualTo("live 1 6 3 1 1 1 t");
        assertThat(instant("select first_event_at" + of, id)).isEqualTo(now.minus(3, ChronoUnit.HOURS));
        assertThat(instant("select last_event_at" + of, id)).isEqualTo(now);
        assertThat(lab.number(
                        "select count(*)" + of + " and started_at <= committed_at and (first_offset = last_offset) is "
                                + (pipeline.transportName().equals("stream") ? "true" : "null"),
                        id))
                .isOne();
        assertThat(lab.number(
                        "select count(*) from analytics.usage_events where batch_id = (select batch_id" + of + ")", id))
                .isEqualTo(3);
        assertThat(lab.number(
                        "select count(*) from analytics.ingestion_positions where transport = ? and last_committed_at is not null",
                        pipeline.transportName()))
                .isOne();

        String recent = UUID.randomUUID().toString();
        // Counted from now: the minute must not be used up by what was awaited before.
        EventJson inTime = lab.event(Instant.now().minus(59, ChronoUnit.MINUTES));
        lab.publish(recent, utf8(array(newest, oldest, inTime)));
        awaitOutcomes(4, 3, 1, 1);
        assertThat(lab.value("select late" + of, recent))
                .as("duplicates make no batch late")
                .isEqualTo(false);
    }

    private Instant instant(String sql, Object... values) throws SQLException {
        return ((java.sql.Timestamp) lab.value(sql, values)).toInstant();
    }

    @Test
    void aDuplicateIsRecognisedAlthoughItsTimeDrifted() throws Exception {
        Instant at = Instant.now().minus(50, ChronoUnit.HOURS);
        EventJson first =
                lab.event(at).with("metadata", "{\"a\":\"1\",\"b\":\"2\"}").with("costEstimateCents", "1.50");
        String later = "\"" + at.plus(24, ChronoUnit.HOURS).truncatedTo(ChronoUnit.MICROS) + "\"";
        String earlier = "\"" + at.minus(24, ChronoUnit.HOURS).truncatedTo(ChronoUnit.MICROS) + "\"";
        EventJson same = first.with("metadata", "{\"b\":\"2\",\"a\":\"1\"}")
                .with("costEstimateCents", "15e-1")
                .with("latencyMs", "1200.0")
                .with("errorCode", "null")
                .with("cacheReadInputTokens", "0");
        // In one batch.
        lab.publish(
                List.of(utf8(array(first, same, first.with("occurredAt", later), first.with("occurredAt", earlier)))));
        awaitOutcomes(1, 3, 0, 0);
        // Across batches.
        for (String time : List.of(later, earlier, first.raw("occurredAt"))) {
            lab.publish(same.with("occurredAt", time));
        }
        awaitOutcomes(1, 6, 0, 0);
        assertThat(lab.stored()).isOne();
        // Another organisation may use the same id.
        lab.publish(first.with("orgId", "\"" + UUID.randomUUID() + "\""));
        awaitOutcomes(2, 6, 0, 0);
    }

    @Test
    void otherContentUnderTheSameIdIsKeptAsAConflict() throws Exception {
        EventJson first = lab.event().with("metadata", "{\"a\":\"1\"}");
        List<EventJson> others = List.of(
                first.with("outputTokens", "51"),
                first.with("modelId", "\"" + UUID.randomUUID() + "\""),
                first.with("metadata", "{\"a\":\"2\"}"),
                first.without("metadata"),
                first.with("costEstimateCents", "0"),
                first.with("clientId", "\"other\""),
                first.with("timeToFirstTokenMs", "0"),
                first.with("status", "\"error\""));
        lab.publish(List.of(utf8(array(first, others.get(0)))));
        awaitOutcomes(1, 0, 1, 0);
        // The first one again, behind another: how messages are cut into batches must not matter.
        lab.publish(List.of(utf8(array(others.get(1), first, others.get(1), others.get(2)))));
        awaitOutcomes(1, 1, 4, 0);
        lab.publish(others.toArray(EventJson[]::new));
        awaitOutcomes(1, 1, 4 + others.size(), 0);
        assertThat(lab.value(
                        "select string_agg(convert_from(payload, 'UTF8'), '|' order by conflict_id) from analytics.ingestion_conflicts where org_id = ? and event_id = ?::uuid",
                        lab.org(),
                        IngestLab.id(first)))
                .isEqualTo(others.get(0) + "|" + others.get(1) + "|" + others.get(1) + "|" + others.get(2) + "|"
                        + others.stream().map(EventJson::toString).collect(Collectors.joining("|")));
        assertThat(lab.number("select output_tokens from analytics.usage_events where org_id = ?", lab.org()))
                .as("the first one stays")
                .isEqualTo(50);
    }

    /** Two pipelines are to the database what two replicas are; each takes the same events with other times. */
    @Test
    void twoConsumersAtOnceStoreAnEventOnce() throws Exception {
        int count = 2_000;
        Instant at = Instant.now().minus(30, ChronoUnit.HOURS);
        List<EventJson> events =
                IntStream.range(0, count).mapToObj(i -> lab.event(at)).toList();
        IngestPipeline one = pipeline.forReplay();
        IngestPipeline other = pipeline.forReplay();
        try {
            one.start();
            other.start();
            long toOne = one.begin(0, 0, 0);
            long toOther = other.begin(0, 0, 0);
            for (EventJson event : events) {
                one.offer(toOne, message(event));
                other.offer(
                        toOther,
                        message(event.with(
                                "occurredAt",
                                "\"" + at.plus(23, ChronoUnit.HOURS).truncatedTo(ChronoUnit.MICROS) + "\"")));
            }
            awaitOutcomes(count, count, 0, 0);
        } finally {
            one.stop();
            other.stop();
        }
        assertThat(lab.stored()).isEqualTo(count);
        assertThat(lab.number(
                        "select count(distinct replica) from analytics.ingestion_batches where replica in (?, ?)",
                        one.replica(),
                        other.replica()))
                .as("both took part")
                .isEqualTo(2);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(lab.drift()).isZero());
    }

    private static RawMessage message(EventJson event) {
        return new RawMessage(event.bytes(), RawMessage.NO_OFFSET, Instant.now(), "", "", () -> {});
    }

    @Test
    void whatTheDatabaseRefusesIsFoundByHalving() throws Exception {
        lab.execute(
                """
                create function analytics.refuse() returns trigger language plpgsql as $$
                begin raise exception 'refused' using errcode = tg_argv[0]; end $$
                """);
        try {
            for (String sqlState : List.of("22023", "23514")) {
                lab.execute("create trigger refuse before insert on analytics.usage_events for each row"
                        + " when (new.client_id = 'refuse') execute function analytics.refuse('" + sqlState + "')");
                before = OutcomeSums.of(lab);
                List<EventJson> events = new ArrayList<>();
                for (int i = 0; i < 60; i++) {
                    events.add(lab.event());
                }
                EventJson refused = events.get(13).with("clientId", "\"refuse\"");
                EventJson otherRefused = events.get(47).with("clientId", "\"refuse\"");
                events.set(13, refused);
                events.set(47, otherRefused);
                // Its first sight of the id is refused, so this one is no conflict.
                EventJson second = refused.with("clientId", "\"fine\"");
                events.add(second);
                lab.publish(List.of(utf8(array(events.toArray()))));
                awaitOutcomes(59, 0, 0, 2);
                assertThat(lab.isStored(second)).isTrue();
                assertThat(lab.letters().stream()
                                .map(letter -> letter.header("x-reason") + " " + letter.header("x-detail") + " "
                                        + new String(letter.payload(), StandardCharsets.UTF_8)))
                        .containsExactlyInAnyOrder(
                                "storage_rejected SQLState " + sqlState + " " + refused,
                                "storage_rejected SQLState " + sqlState + " " + otherRefused);
                lab.execute("drop trigger refuse on analytics.usage_events");
            }
        } finally {
            lab.execute("drop function analytics.refuse cascade");
        }
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(lab.drift()).isZero());
    }
}
