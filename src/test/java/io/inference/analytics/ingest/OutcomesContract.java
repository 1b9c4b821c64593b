package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.ingest.IngestLab.Letter;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

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
    private Sums before;

    /** Outcomes by the batches. */
    private record Sums(long received, long stored, long duplicates, long conflicts, long deadLettered) {

        Sums minus(Sums other) {
            return new Sums(
                    received - other.received,
                    stored - other.stored,
                    duplicates - other.duplicates,
                    conflicts - other.conflicts,
                    deadLettered - other.deadLettered);
        }
    }

    @BeforeEach
    void begin() throws Exception {
        lab = new IngestLab(brokerUrl, database);
        await().atMost(PATIENCE).until(() -> ingestion.reader().view().reads());
        lab.letters();
        before = sums();
    }

    @AfterEach
    void end() throws Exception {
        assertThat(
                        lab.number(
                                "select count(*) from analytics.ingestion_batches where received <> stored + duplicates + conflicts + dead_lettered"))
                .isZero();
        lab.close();
    }

    private Sums sums() throws SQLException {
        return new Sums(sum("received"), sum("stored"), sum("duplicates"), sum("conflicts"), sum("dead_lettered"));
    }

    private long sum(String column) throws SQLException {
        return lab.number("select coalesce(sum(" + column + "), 0) from analytics.ingestion_batches");
    }

    private Sums outcomes() throws SQLException {
        return sums().minus(before);
    }

    private void awaitOutcomes(long stored, long duplicates, long conflicts, long deadLettered) {
        Sums expected =
                new Sums(stored + duplicates + conflicts + deadLettered, stored, duplicates, conflicts, deadLettered);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(outcomes()).isEqualTo(expected));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String array(Object... elements) {
        return Arrays.stream(elements).map(Object::toString).collect(Collectors.joining(", \n", "[ ", " ]"));
    }

    /** Bad bodies by reason and name; each is another one's undoing if it is not kept apart. */
    private Map<String, byte[]> badBodies() {
        Map<String, byte[]> bad = new LinkedHashMap<>();
        EventJson good = lab.event();
        bad.put("malformed_json empty body", new byte[0]);
        bad.put("malformed_json no JSON", utf8("hello"));
        bad.put("malformed_json cut off", utf8(good.toString().substring(0, 100)));
        bad.put("malformed_json two events", utf8(good + "" + lab.event()));
        bad.put("malformed_json field twice", utf8(good.toString().replaceFirst("\\{", "{\"latencyMs\":1,")));
        bad.put("malformed_json number", utf8("17"));
        bad.put("malformed_json null", utf8("null"));
        bad.put("malformed_json NaN", good.with("latencyMs", "NaN").bytes());
        bad.put("malformed_json byte order mark", utf8("\ufeff" + good));
        bad.put("malformed_json UTF-16", good.toString().getBytes(StandardCharsets.UTF_16LE));
        bad.put(
                "malformed_json NUL byte",
                utf8(good.with("clientId", "\"a\0b\"").toString()));
        byte[] invalid = good.with("clientId", "\"a?b\"").bytes();
        invalid[new String(invalid, StandardCharsets.US_ASCII).indexOf("a?b") + 1] = (byte) 0xff;
        bad.put("malformed_json invalid UTF-8", invalid);
        bad.put("malformed_json nested 30,000 deep", utf8("[".repeat(30_000)));
        bad.put("too_large 64 KiB + 1", padded(64 * 1024 + 1));
        bad.put("missing_field no model", good.without("modelId").bytes());
        bad.put("missing_field null", good.with("status", "null").bytes());
        bad.put("missing_field empty object", utf8("{}"));
        bad.put("invalid_field wrong type", good.with("inputTokens", "\"1000\"").bytes());
        bad.put(
                "invalid_field array for a string",
                good.with("clientId", "[\"a\"]").bytes());
        bad.put(
                "invalid_field object for a number",
                good.with("latencyMs", "{}").bytes());
        bad.put("invalid_field boolean", good.with("outputTokens", "true").bytes());
        bad.put("invalid_field no UUID", good.with("orgId", "\"1-1-1-1-1\"").bytes());
        bad.put(
                "invalid_field 2^53 + 1",
                good.with("inputTokens", "9007199254740993").bytes());
        bad.put(
                "invalid_field 40 digits",
                good.with("inputTokens", "1".repeat(40)).bytes());
        bad.put("invalid_field 1e400", good.with("inputTokens", "1e400").bytes());
        bad.put(
                "invalid_field 1e999999999",
                good.with("latencyMs", "1e999999999").bytes());
        bad.put("invalid_field fraction", good.with("latencyMs", "1.5").bytes());
        bad.put(
                "invalid_field cost of nine decimals",
                good.with("costEstimateCents", "0.000000001").bytes());
        bad.put(
                "invalid_field cost of 13 digits",
                good.with("costEstimateCents", "1000000000000").bytes());
        bad.put("invalid_field U+0000", good.with("clientId", "\"a\\u0000b\"").bytes());
        bad.put(
                "invalid_field U+0000 in metadata",
                good.with("metadata", "{\"a\":\"\\u0000\"}").bytes());
        bad.put(
                "invalid_field metadata of numbers",
                good.with("metadata", "{\"a\":1}").bytes());
        bad.put("invalid_field status", good.with("status", "\"done\"").bytes());
        bad.put(
                "invalid_field first token after the end",
                good.with("timeToFirstTokenMs", "1201").bytes());
        bad.put(
                "invalid_field more cached than read",
                good.with("cacheReadInputTokens", "1001").bytes());
        bad.put(
                "invalid_field no time",
                good.with("occurredAt", "\"yesterday\"").bytes());
        bad.put(
                "invalid_field time without zone",
                good.with("occurredAt", "\"2026-01-01T00:00:00\"").bytes());
        bad.put(
                "timestamp_out_of_range year 1",
                good.with("occurredAt", "\"0001-01-01T00:00:00Z\"").bytes());
        bad.put(
                "timestamp_out_of_range year 9999",
                good.with("occurredAt", "\"9999-12-31T23:59:59Z\"").bytes());
        Instant now = Instant.now();
        bad.put(
                "timestamp_out_of_range future",
                lab.event(now.plus(7, ChronoUnit.MINUTES)).bytes());
        bad.put(
                "timestamp_out_of_range past retention",
                lab.event(now.minus(401, ChronoUnit.DAYS)).bytes());
        bad.put("negative_value", good.with("outputTokens", "-1").bytes());
        bad.put(
                "too_large array of 1,001",
                utf8(IntStream.range(0, 1_001).mapToObj(i -> "{}").collect(Collectors.joining(",", "[", "]"))));
        return bad;
    }

    /** A good event, blown up by an unknown field. */
    private byte[] padded(int bytes) {
        EventJson event = lab.event();
        int without = event.with("unknown", "\"\"").bytes().length;
        return event.with("unknown", "\"" + "x".repeat(bytes - without) + "\"").bytes();
    }

    @Test
    void badInputIsDeadLetteredAsItCameAndTheNextMessageIsUnharmed() throws Exception {
        Map<String, byte[]> bad = badBodies();
        List<byte[]> bodies = new ArrayList<>();
        List<EventJson> next = new ArrayList<>();
        bad.values().forEach(body -> {
            bodies.add(body);
            next.add(lab.event());
            bodies.add(next.get(next.size() - 1).bytes());
        });
        Instant published = Instant.now();
        lab.publish(bodies);
        awaitOutcomes(bad.size(), 0, 0, bad.size());
        assertThat(lab.stored()).isEqualTo(bad.size());
        List<Letter> letters = lab.letters();
        assertThat(letters).hasSameSizeAs(bad.values());
        Map<String, String> reasons = new LinkedHashMap<>();
        Map<String, String> expected = new LinkedHashMap<>();
        int at = 0;
        // Dead letters keep the order in which the messages came.
        for (Map.Entry<String, byte[]> body : bad.entrySet()) {
            Letter letter = letters.get(at++);
            assertThat(letter.payload()).as(body.getKey()).isEqualTo(body.getValue());
            assertThat(letter.header("x-detail")).as(body.getKey()).isNotBlank();
            assertThat(Instant.parse(letter.header("x-first-seen")))
                    .as(body.getKey())
                    .isAfterOrEqualTo(published.minusSeconds(1));
            reasons.put(body.getKey(), letter.header("x-reason"));
            expected.put(body.getKey(), body.getKey().split(" ", 2)[0]);
        }
        assertThat(reasons).isEqualTo(expected);
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
        lab.publish(List.of(padded(64 * 1024), utf8("[]"), utf8(" [ ] ")));
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
                before = sums();
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
