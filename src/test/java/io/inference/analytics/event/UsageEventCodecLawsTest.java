package io.inference.analytics.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

class UsageEventCodecLawsTest {
    private static final Instant NOW = Instant.parse("2026-03-15T12:00:00Z");

    private final UsageEventCodec codec = new UsageEventCodec();

    @Property
    void decodeUndoesEncode(@ForAll("events") UsageEvent event) {
        byte[] body = UsageEventCodec.encode(event);
        List<Decoded> decoded = codec.decode(body, NOW);
        assertThat(decoded).containsExactly(new Decoded.Accepted(event, body));
        assertThat(event.sameContentAs(((Decoded.Accepted) decoded.get(0)).event()))
                .isTrue();
    }

    @Property
    void anyBytesAreDecidedWithoutThrowing(@ForAll byte[] body) {
        assertDecided(body);
    }

    @Property
    void damagedMessageIsDecidedWithoutThrowing(
            @ForAll @Size(min = 1, max = 5) List<@net.jqwik.api.From("events") UsageEvent> events, @ForAll long seed) {
        Random random = new Random(seed);
        byte[] body = array(events, random).getBytes(UTF_8);
        for (int i = 0; i <= random.nextInt(3); i++) {
            String signs = "{}[]\",:\\u0019eE+-.tfn \u0000\u001f";
            body[random.nextInt(body.length)] = random.nextInt(4) == 0
                    ? (byte) random.nextInt(256)
                    : (byte) signs.charAt(random.nextInt(signs.length()));
        }
        assertDecided(random.nextInt(5) == 0 ? Arrays.copyOf(body, random.nextInt(body.length)) : body);
    }

    @Property
    void elementsOfAnArrayAreDecodedAsIfAlone(
            @ForAll @Size(max = 20) List<@net.jqwik.api.From("elements") String> elements, @ForAll long seed) {
        String body = join(elements, new Random(seed));
        List<Decoded> together = codec.decode(body.getBytes(UTF_8), NOW);
        assertThat(together).hasSameSizeAs(elements);
        for (int i = 0; i < elements.size(); i++) {
            byte[] bytes = elements.get(i).getBytes(UTF_8);
            assertThat(together.get(i).payload()).isEqualTo(bytes);
            List<FieldFault> alone = codec.faults(bytes, NOW);
            if (elements.get(i).startsWith("[")) {
                assertThat(together.get(i)).isInstanceOf(Decoded.Rejected.class);
            } else if (codec.decode(bytes, NOW).get(0) instanceof Decoded.Accepted accepted) {
                assertThat(((Decoded.Accepted) together.get(i)).event()).isEqualTo(accepted.event());
            } else {
                assertThat(alone).isNotEmpty();
                assertThat(((Decoded.Rejected) together.get(i)).detail())
                        .isEqualTo(((Decoded.Rejected) codec.decode(bytes, NOW).get(0)).detail());
            }
        }
    }

    @Provide
    Arbitrary<String> elements() {
        return Arbitraries.oneOf(
                events().map(event -> new String(UsageEventCodec.encode(event), UTF_8)),
                Arbitraries.of(
                        "{}",
                        "[]",
                        "[[{}], 1]",
                        "null",
                        "0",
                        "-1.5e+10",
                        "\"\"",
                        "\"]é😀\\\"[\"",
                        "true",
                        "{ \"eventId\" : \"x\" }",
                        "{\"a\":{\"b\":[\"}\"]}}",
                        "[ \"]\" ]"));
    }

    @Provide
    Arbitrary<UsageEvent> events() {
        return Combinators.combine(
                        Arbitraries.longs(),
                        Arbitraries.strings()
                                .excludeChars('\0')
                                .ofMaxLength(100)
                                .filter(UsageEventCodecLawsTest::encodable),
                        Arbitraries.strings()
                                .excludeChars('\0')
                                .ofMaxLength(50)
                                .filter(UsageEventCodecLawsTest::encodable)
                                .injectNull(0.3),
                        Arbitraries.bigDecimals()
                                .between(BigDecimal.ZERO, new BigDecimal("999999999999.99999999"))
                                .ofScale(8)
                                .injectNull(0.3),
                        Arbitraries.maps(
                                        Arbitraries.strings().excludeChars('\0').ofMaxLength(8),
                                        Arbitraries.strings().excludeChars('\0').ofMaxLength(20))
                                .ofMaxSize(32)
                                .filter(map -> map.entrySet().stream()
                                        .allMatch(e -> encodable(e.getKey()) && encodable(e.getValue()))))
                .as(UsageEventCodecLawsTest::event);
    }

    private static UsageEvent event(
            long seed, String clientId, String errorCode, BigDecimal cost, Map<String, String> metadata) {
        Random random = new Random(seed);
        long max = 1L << random.nextInt(54);
        long latency = random.nextLong(max + 1);
        long input = random.nextLong(max + 1);
        long read = random.nextLong(input + 1);
        long write = random.nextLong(input - read + 1);
        return new UsageEvent(
                new UUID(random.nextLong(), random.nextLong()),
                new UUID(random.nextLong(), random.nextLong()),
                new UUID(random.nextLong(), random.nextLong()),
                random.nextBoolean() ? null : new UUID(random.nextLong(), random.nextLong()),
                clientId,
                NOW.minus(random.nextLong(400L * 86_400_000_000L), ChronoUnit.MICROS),
                latency,
                random.nextBoolean() ? null : Long.valueOf(random.nextLong(latency + 1)),
                EventStatus.values()[random.nextInt(4)],
                errorCode,
                input,
                random.nextLong(max + 1),
                read,
                write,
                random.nextLong(write + 1),
                cost == null ? null : normal(cost),
                Metadata.canonical(metadata),
                random.nextBoolean() ? null : "batch",
                random.nextBoolean() ? null : "above-200k");
    }

    private static BigDecimal normal(BigDecimal cost) {
        BigDecimal stripped = cost.stripTrailingZeros();
        return stripped.scale() < 0 ? stripped.setScale(0) : stripped;
    }

    private static boolean encodable(String text) {
        return UTF_8.newEncoder().canEncode(text);
    }

    private static String array(List<UsageEvent> events, Random random) {
        return join(
                events.stream()
                        .map(e -> new String(UsageEventCodec.encode(e), UTF_8))
                        .toList(),
                random);
    }

    /** An array of the elements with random white space around each. */
    private static String join(List<String> elements, Random random) {
        List<String> padded = new ArrayList<>();
        for (String element : elements) {
            padded.add(space(random) + element + space(random));
        }
        return space(random) + "[" + String.join(",", padded) + "]" + space(random);
    }

    private static String space(Random random) {
        return List.of("", "", " ", "\n", "\r\n\t ").get(random.nextInt(5));
    }

    private void assertDecided(byte[] body) {
        List<Decoded> decoded = codec.decode(body, NOW);
        List<FieldFault> faults = codec.faults(body, NOW);
        boolean anyRejected = false;
        for (Decoded one : decoded) {
            if (one instanceof Decoded.Rejected rejected) {
                anyRejected = true;
                assertThat(rejected.detail()).hasSizeBetween(1, UsageEventCodec.DETAIL_CHARS_MAX);
                assertThat(rejected.detail()).doesNotContain("cannot be read");
                assertThat(rejected.detail().chars()).noneMatch(Character::isISOControl);
                assertThat(encodable(rejected.detail())).isTrue();
            }
        }
        assertThat(faults.isEmpty()).isEqualTo(!anyRejected);
    }
}
