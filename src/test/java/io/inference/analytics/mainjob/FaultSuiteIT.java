package io.inference.analytics.mainjob;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.devtools.ExpectedTotals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What {@link Trouble} knows, in an order and at moments that a seed decides, while events come in. After each, every published
 * event is stored once, the rollups are equal to the raw events, and conservation holds, without any manual step. {@code
 * local-dev/random-faults} runs everything, with more seeds, and writes the table of docs/reliability.md.
 */
class FaultSuiteIT {

    private static final Path RESULT = Path.of("target/faults.md");
    private static final FaultTable TABLE = new FaultTable();
    private static final int FAILURES_MAX = 3;
    private static boolean allHeld = true;

    private static final boolean WHOLE = System.getProperty("analytics.test.seeds") != null;

    /** What happens in the short form, which is not to take longer than other tests do. */
    private static final Map<String, Set<Trouble>> SHORT = Map.of(
            "stream", EnumSet.of(Trouble.RABBITMQ_KILLED, Trouble.PARTITION),
            "queue", EnumSet.of(Trouble.POSTGRES_KILLED, Trouble.BROKER_CUT, Trouble.DATABASE_FULL));

    /** Those named, or all. */
    private static final Set<Trouble> CHOSEN = Stream.of(
                    System.getProperty("analytics.test.faults", "").split(",", -1))
            .filter(name -> !name.isEmpty())
            .map(Trouble::valueOf)
            .collect(Collectors.toCollection(() -> EnumSet.noneOf(Trouble.class)));

    static Stream<Arguments> runs() {
        long from = Long.getLong("analytics.test.first-seed", 1);
        return LongStream.range(from, from + Long.getLong("analytics.test.seeds", 1))
                .boxed()
                .flatMap(seed -> Stream.of("stream", "queue").map(transport -> Arguments.of(transport, seed)));
    }

    @ParameterizedTest(name = "{0}, seed {1}")
    @MethodSource("runs")
    void nothingIsLostOrCountedTwice(String transport, long seed) throws Exception {
        List<Trouble> order = new ArrayList<>(Trouble.possible());
        Collections.shuffle(order, new Random(seed));
        if (!WHOLE) {
            order.retainAll(SHORT.get(transport));
        }
        if (!CHOSEN.isEmpty()) {
            order.retainAll(CHOSEN);
        }
        // It leaves the server behind.
        if (order.remove(Trouble.STANDBY_PROMOTED)) {
            order.add(Trouble.STANDBY_PROMOTED);
        }
        List<String> failed = new ArrayList<>();
        try (Plant plant = new Plant(transport, seed)) {
            for (Trouble trouble : order) {
                try {
                    happen(plant, trouble, transport);
                } catch (AssertionError | RuntimeException e) {
                    // The others are of interest as well, unless nothing works any longer.
                    failed.add(trouble + ": " + e.getMessage());
                    Files.write(RESULT, failed);
                    plant.producer().stop();
                }
                if (failed.size() == FAILURES_MAX) {
                    break;
                }
            }
        }
        allHeld &= failed.isEmpty();
        assertThat(failed).isEmpty();
    }

    private static void happen(Plant plant, Trouble trouble, String transport) throws Exception {
        plant.producer().start();
        plant.letSomePass();
        trouble.happen(plant);
        long ended = System.nanoTime();
        plant.letSomePass();
        ExpectedTotals expected = ExpectedTotals.of(plant.producer().stop(), Instant.now());
        plant.awaitStored(trouble, expected);
        double seconds = (System.nanoTime() - ended) / 1e9;
        plant.assertBooks(trouble, expected);
        TABLE.add(trouble, transport, seconds);
        Files.writeString(RESULT, TABLE.toString());
    }

    @AfterAll
    static void write() throws Exception {
        if (Boolean.getBoolean("analytics.write-docs") && allHeld) {
            TABLE.writeTo(Path.of("docs/reliability.md"));
        }
        assertThat(TABLE.isEmpty()).isFalse();
    }
}
