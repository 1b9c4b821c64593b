package io.inference.analytics.event;

import static io.inference.analytics.devtools.EventJson.minimal;
import static io.inference.analytics.event.CodecCase.accepted;
import static io.inference.analytics.event.CodecCase.assertRejected;
import static io.inference.analytics.event.CodecCase.decode;
import static io.inference.analytics.event.CodecCase.faults;
import static io.inference.analytics.event.CodecCase.reason;
import static io.inference.analytics.event.RejectReason.MALFORMED_JSON;
import static io.inference.analytics.event.RejectReason.MISSING_FIELD;
import static io.inference.analytics.event.RejectReason.NEGATIVE_VALUE;
import static io.inference.analytics.event.RejectReason.TOO_LARGE;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which bytes are a message, and that each element of an array is judged alone. */
class MessageShapeTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "   ",
                "{",
                "{}}",
                "{} {}",
                "{},",
                "[",
                "[{}",
                "[{},]",
                "[,{}]",
                "[{}]]",
                "[{}][]",
                "{'a':1}",
                "{a:1}",
                "{\"a\":01}",
                "{\"a\":+1}",
                "{\"a\":.5}",
                "{\"a\":1.}",
                "{\"a\":NaN}",
                "{\"a\":-Infinity}",
                "{\"a\":\"\t\"}",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u00g0\"}",
                "{\"a\":1,}",
                "{\"a\":tru}",
                "// c\n{}",
                "/* c */{}",
                "\uFEFF{}",
                "{\"metadata\":{\"\\ud800\":\"b\"}}",
                "{\"\\udc00\":1}",
                "nul",
                "not json",
            })
    void brokenJsonIsMalformedAsAWhole(String body) {
        assertRejected(body.getBytes(UTF_8), MALFORMED_JSON, "");
    }

    @Test
    void brokenElementMakesTheMessageMalformed() {
        assertRejected(("[" + minimal() + ",{\"eventId\":]").getBytes(UTF_8), MALFORMED_JSON, "not JSON at byte ");
        assertRejected(("[" + minimal() + "] x").getBytes(UTF_8), MALFORMED_JSON, "");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "c0 80",
                "c1 bf",
                "80",
                "e0 80 80",
                "ed a0 80",
                "f0 80 80 80",
                "f4 90 80 80",
                "f8 88",
                "c3",
                "ff",
                "00",
                "1f"
            })
    void invalidUtf8IsMalformed(String hex) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes("{\"x\":\"".getBytes(UTF_8));
        for (String octet : hex.split(" ", -1)) {
            body.write(Integer.parseInt(octet, 16));
        }
        body.writeBytes("\"}".getBytes(UTF_8));
        assertRejected(body.toByteArray(), MALFORMED_JSON, "not JSON in UTF-8 at byte 6");
    }

    @Test
    void otherEncodingsAreMalformed() {
        assertRejected(minimal().toString().getBytes(UTF_16BE), MALFORMED_JSON, "");
        assertRejected(minimal().toString().getBytes(UTF_16LE), MALFORMED_JSON, "");
    }

    @Test
    void whatIsNoObjectIsMalformedAlone() {
        for (String single : List.of("1", "-1.5e3", "null", "true", "\"a\"", "\"\"")) {
            assertRejected(single.getBytes(UTF_8), MALFORMED_JSON, "a single value (expected: an event");
        }
        List<String> elements = List.of(
                "1",
                "\"é\\n\"",
                "null",
                "[]",
                "[ {} ,[1]]",
                "-12.50",
                "{}",
                minimal().toString());
        List<Decoded> decoded = decode(" [ " + String.join(" ,\n", elements) + " ] ");
        assertThat(decoded).extracting(CodecCase::text).isEqualTo(elements);
        assertThat(decoded.subList(0, 6)).allSatisfy(d -> assertThat(reason(d)).isEqualTo(MALFORMED_JSON));
        assertThat(reason(decoded.get(6))).isEqualTo(MISSING_FIELD);
        assertThat(decoded.get(7)).isInstanceOf(Decoded.Accepted.class);
    }

    @Test
    void badElementIsRejectedAloneAsItsOwnBytes() {
        String good = minimal().toString();
        String bad = minimal()
                .with("latencyMs", " -1 ")
                .with("clientId", "\"\\u00e9é\"")
                .toString();
        List<Decoded> decoded = decode("[" + good + ", " + bad + "\t,\r\n" + good + "]");
        assertThat(decoded).extracting(CodecCase::text).containsExactly(good, bad, good);
        assertThat(reason(decoded.get(1))).isEqualTo(NEGATIVE_VALUE);
    }

    @Test
    void emptyArrayIsNoEvent() {
        assertThat(decode("[]")).isEmpty();
        assertThat(decode(" [ \n ] ")).isEmpty();
        assertThat(faults("[]".getBytes(UTF_8))).isEmpty();
    }

    @Test
    void sizeIsBounded() {
        String start = minimal().toString();
        byte[] most = (start + " ".repeat(UsageEventCodec.EVENT_BYTES_MAX - start.length())).getBytes(UTF_8);
        Decoded.Accepted decoded = (Decoded.Accepted) decode(most).get(0);
        assertThat(decoded.payload()).isSameAs(most);
        assertRejected(
                (start + " ".repeat(UsageEventCodec.EVENT_BYTES_MAX)).getBytes(UTF_8),
                TOO_LARGE,
                "65791 bytes (expected: at most 65536)");

        assertThat(decode(ones(1000))).hasSize(1000);
        assertRejected(ones(1001).getBytes(UTF_8), TOO_LARGE, "over 1000 elements");
    }

    @Test
    void arrayOfAThousandOrdinaryEventsIsTaken() {
        String event = minimal()
                .with("clientId", "\"a client whose name has " + "x".repeat(150) + "\"")
                .toString();
        String array = IntStream.range(0, 1000).mapToObj(i -> event).collect(Collectors.joining(",", "[", "]"));
        assertThat(array.length()).isBetween(UsageEventCodec.EVENT_BYTES_MAX, UsageEventCodec.MESSAGE_BYTES_MAX);
        assertThat(decode(array)).hasSize(1000).allMatch(Decoded.Accepted.class::isInstance);
        String tooLong = "[" + event + "," + " ".repeat(UsageEventCodec.MESSAGE_BYTES_MAX) + event + "]";
        assertRejected(tooLong.getBytes(UTF_8), TOO_LARGE, "1049465 bytes (expected: at most 1048576)");
    }

    @Test
    void tooLargeElementIsRejectedAlone() {
        String good = minimal().toString();
        String large = minimal()
                .with("unknown", "\"" + "x".repeat(UsageEventCodec.EVENT_BYTES_MAX) + "\"")
                .toString();
        List<Decoded> decoded = decode("[" + good + "," + large + "," + good + "]");
        assertThat(decoded).extracting(CodecCase::text).containsExactly(good, large, good);
        assertThat(reason(decoded.get(1))).isEqualTo(TOO_LARGE);
        assertThat(decoded.get(2)).isInstanceOf(Decoded.Accepted.class);
    }

    @Test
    void nestingThatNoEventCanReachIsMalformed() {
        int depth = UsageEventCodec.MESSAGE_BYTES_MAX / 2;
        assertRejected(("[".repeat(depth) + "]".repeat(depth)).getBytes(UTF_8), MALFORMED_JSON, "not JSON");
    }

    @Test
    void repeatedFieldIsMalformedAlone() {
        String twice = minimal().toString().replaceFirst("\\{", "{\"latencyMs\":1,");
        assertRejected(twice.getBytes(UTF_8), MALFORMED_JSON, "latencyMs: occurs twice");
        assertRejected(
                minimal().with("metadata", "{\"a\":\"1\",\"a\":\"1\"}"),
                MALFORMED_JSON,
                "metadata: a key occurs twice");
        accepted(minimal().with("x", "1").with("x ", "2").with("metadata", "{\"a\":\"1\",\"A\":\"1\"}"));

        List<Decoded> decoded = decode("[" + twice + "," + minimal() + "]");
        assertThat(decoded).hasSize(2);
        assertThat(decoded.get(1)).isInstanceOf(Decoded.Accepted.class);
    }

    private static String ones(int count) {
        return IntStream.range(0, count).mapToObj(i -> "1").collect(Collectors.joining(",", "[", "]"));
    }
}
