package io.inference.analytics.devtools;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Message bodies with sample events, made one by one, so that a sample may be of any size. Equal options give equal bytes on any
 * machine.
 *
 * <p>Repetitions point only backwards, so the first of equal events is the one that was made first; times are in no order. A
 * conflict follows its first in the same array: no two consumers can see them the other way round.
 */
public final class SampleEvents implements Iterator<byte[]> {
    /** How far back a duplicate may reach; also the bound on memory. */
    private static final int REMEMBERED_MAX = 10_000;
    /** Duplicates in close vicinity fall into one batch with their first, or into the next. */
    private static final int VICINITY = 5;

    private static final int ARRAY_MAX = 20;
    private static final long HOUR_MICROS = 3_600_000_000L;
    /** A repetition may lie {@link #DRIFT_MICROS} further back, and is to lie within the last 30 days too. */
    private static final long LATE_MICROS = 29 * 24 * HOUR_MICROS;
    /** Any two repetitions of one event stay within the 24 h that dedupe bridges, in whatever order they are stored. */
    private static final long DRIFT_MICROS = 11 * HOUR_MICROS;

    private static final int USERS_OF_ORG = 20;
    private static final List<String> ERROR_CODES = List.of("internal_error", "overloaded", "context_length_exceeded");
    private static final List<String> FEATURES = List.of("chat", "search", "summary", "\u00fcbersetzung");

    private final SampleOptions options;
    private final Random random;
    private final BitSet duplicates;
    private final BitSet malformed;
    private final BitSet late;
    private final BitSet errors;
    private final BitSet conflicts;
    private final int elements;
    private final List<EventJson> remembered = new ArrayList<>();

    private int element;
    private int made;
    private int newEvents;
    private int faults;

    public SampleEvents(SampleOptions options) {
        this.options = options;
        this.random = new Random(options.seed() * 0x9e3779b97f4a7c15L);
        int count = options.count();
        int duplicated = share(count, options.duplicatesPct());
        int bad = Math.min(share(count, options.malformedPct()), count - duplicated);
        int conflicting = Math.min(share(count, options.conflictsPct()), (count - duplicated - bad) / 2);
        // Conflicts are no elements of their own here: each rides in the array of its first.
        this.elements = count - conflicting;
        // Something new must come before the first repetition.
        int first = duplicated > 0 ? 1 : 0;
        this.duplicates = choose(first, elements, duplicated, new BitSet());
        this.malformed = choose(first, elements, bad, duplicates);
        int fresh = elements - duplicates.cardinality() - malformed.cardinality();
        this.late = choose(0, fresh, share(fresh, options.latePct()), new BitSet());
        this.errors = choose(0, fresh, share(fresh, options.errorsPct()), new BitSet());
        this.conflicts = choose(0, fresh, Math.min(conflicting, fresh), new BitSet());
    }

    /** All bodies of a sample that fits into memory. */
    public static List<byte[]> bodies(SampleOptions options) {
        List<byte[]> bodies = new ArrayList<>();
        new SampleEvents(options).forEachRemaining(bodies::add);
        return bodies;
    }

    @Override
    public boolean hasNext() {
        return element < elements;
    }

    @Override
    public byte[] next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        int length = chance(options.arraysPct()) ? 2 + random.nextInt(ARRAY_MAX - 1) : 1;
        List<byte[]> message = new ArrayList<>();
        while (message.size() < length && hasNext()) {
            if (malformed.get(element)) {
                SampleFault fault = SampleFault.ALL.get(faults % SampleFault.ALL.size());
                if (fault.wholeMessage() && !message.isEmpty()) {
                    break;
                }
                faults++;
                element++;
                made++;
                byte[] bad = fault.body().apply(fresh(false, false), present());
                if (fault.wholeMessage()) {
                    return bad;
                }
                message.add(bad);
            } else if (duplicates.get(element)) {
                element++;
                made++;
                message.add(duplicate().bytes());
            } else {
                addNew(message);
            }
        }
        return message.size() == 1 ? message.get(0) : array(message);
    }

    private void addNew(List<byte[]> message) {
        EventJson event = fresh(late.get(newEvents), errors.get(newEvents));
        message.add(event.bytes());
        made++;
        if (conflicts.get(newEvents)) {
            long tokens = Long.parseLong(event.raw("outputTokens"));
            message.add(event.with("outputTokens", String.valueOf(tokens + 1 + random.nextInt(100)))
                    .bytes());
            made++;
        }
        newEvents++;
        element++;
        if (remembered.size() < REMEMBERED_MAX) {
            remembered.add(event);
        } else {
            remembered.set((newEvents - 1) % REMEMBERED_MAX, event);
        }
    }

    /** The same event again: as it was, with another time, or written another way; of late or of long ago. */
    private EventJson duplicate() {
        int back = random.nextBoolean() ? random.nextInt(VICINITY) : random.nextInt(remembered.size());
        EventJson event = remembered.get(Math.floorMod(newEvents - 1 - back % remembered.size(), remembered.size()));
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> {
                Instant first = Instant.parse(unquoted(event.raw("occurredAt")));
                Instant drifted = first.plus(random.nextLong(2 * DRIFT_MICROS) - DRIFT_MICROS, ChronoUnit.MICROS);
                Instant latest = present();
                return event.with("occurredAt", quoted(drifted.isAfter(latest) ? latest : drifted));
            }
            case 3, 4 -> {
                String cost = event.raw("costEstimateCents");
                EventJson other = event.sorted()
                        .with("latencyMs", event.raw("latencyMs") + ".0")
                        .with("unknownField", "[{}]")
                        .with(
                                "actorId",
                                event.raw("actorId") == null
                                        ? "null"
                                        : event.raw("actorId").toUpperCase(Locale.ROOT));
                return cost == null
                        ? other
                        : other.with(
                                "costEstimateCents",
                                new BigDecimal(cost).unscaledValue() + "e-" + new BigDecimal(cost).scale());
            }
            default -> {
                return event;
            }
        }
    }

    private EventJson fresh(boolean isLate, boolean isError) {
        LinkedHashMap<String, String> event = new LinkedHashMap<>();
        int model = 1 + random.nextInt(options.models());
        event.put("eventId", quoted(EventJson.uuid(random)));
        int org = 1 + random.nextInt(options.orgs());
        event.put("orgId", quoted(SampleOptions.orgId(org)));
        event.put("modelId", quoted(SampleOptions.modelId(model)));
        // Some users ask more than others, and some calls are made by no user.
        if (chance(90)) {
            int user = Math.min(random.nextInt(USERS_OF_ORG), random.nextInt(USERS_OF_ORG));
            event.put("actorId", quoted(SampleOptions.userId(org, 1 + user)));
        }
        int client = random.nextInt(10);
        if (client < 9) {
            event.put("clientId", quoted("client-" + (1 + client % 4)));
        }
        event.put("occurredAt", quoted(occurredAt(isLate)));
        // Log-normal, the median by model; tails as inference has them.
        long latencyMs = logNormal(400 * (1 + model % 5), 0.6);
        long input = logNormal(1_500, 0.9);
        long output = logNormal(250, 0.8);
        String status = "success";
        if (isError) {
            switch (random.nextInt(4)) {
                case 0 -> {
                    status = "timeout";
                    latencyMs = 30_000L + random.nextInt(500);
                }
                case 1 -> {
                    status = "throttled";
                    latencyMs = 1L + random.nextInt(20);
                    event.put("errorCode", quoted("rate_limited"));
                }
                default -> {
                    status = "error";
                    event.put("errorCode", quoted(ERROR_CODES.get(random.nextInt(ERROR_CODES.size()))));
                }
            }
            output = 0;
        }
        event.put("latencyMs", String.valueOf(latencyMs));
        if (!isError && chance(90)) {
            event.put("timeToFirstTokenMs", String.valueOf(latencyMs * (10 + random.nextInt(40)) / 100));
        }
        event.put("status", quoted(status));
        event.put("inputTokens", String.valueOf(input));
        event.put("outputTokens", String.valueOf(output));
        long read = chance(40) ? random.nextLong(input + 1) : 0;
        long write = chance(20) ? random.nextLong(input - read + 1) : 0;
        if (read > 0) {
            event.put("cacheReadInputTokens", String.valueOf(read));
        }
        if (write > 0) {
            event.put("cacheWriteInputTokens", String.valueOf(write));
            event.put("cacheWrite1hInputTokens", String.valueOf(random.nextLong(write + 1)));
        }
        if (chance(85)) {
            // Hundred-thousandths of a cent a token: plain 30, read 3, write 37.5, output 150.
            long unit =
                    10 * (300 * (input - read - write) + 30 * read + 375 * write + 1_500 * output) * (1 + model % 3);
            event.put("costEstimateCents", BigDecimal.valueOf(unit, 7).toPlainString());
        }
        if (chance(25)) {
            event.put(
                    "metadata",
                    "{\"feature\":" + quoted(FEATURES.get(random.nextInt(FEATURES.size()))) + ",\"region\":\"eu-"
                            + (1 + random.nextInt(3)) + "\"}");
        }
        return EventJson.of(event);
    }

    /** Late: within 29 days but not the last hour. Else of the last hour, or of the last half minute when there is a rate. */
    private Instant occurredAt(boolean isLate) {
        double where = random.nextDouble();
        long ago;
        if (isLate) {
            ago = HOUR_MICROS + (long) (where * (LATE_MICROS - HOUR_MICROS));
        } else {
            ago = (long) (where * (options.interval().isZero() ? HOUR_MICROS : HOUR_MICROS / 120));
        }
        return present().minus(ago, ChronoUnit.MICROS);
    }

    /** When the event in the making will be published. */
    private Instant present() {
        Duration interval = options.interval();
        return options.now().plus(interval.multipliedBy(made)).truncatedTo(ChronoUnit.MICROS);
    }

    private long logNormal(double median, double sigma) {
        // StrictMath: the same bytes on any machine.
        return Math.max(1, Math.round(median * StrictMath.exp(sigma * random.nextGaussian())));
    }

    private boolean chance(double pct) {
        return random.nextDouble() * 100 < pct;
    }

    private byte[] array(List<byte[]> message) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        String separator = random.nextBoolean() ? "," : " , ";
        out.write('[');
        for (int i = 0; i < message.size(); i++) {
            if (i > 0) {
                out.writeBytes(separator.getBytes(US_ASCII));
            }
            out.writeBytes(message.get(i));
        }
        out.write(']');
        return out.toByteArray();
    }

    private static String quoted(Object text) {
        return "\"" + text + "\"";
    }

    private static String unquoted(String raw) {
        return raw.substring(1, raw.length() - 1);
    }

    private static int share(int count, double pct) {
        return (int) Math.round(count * pct / 100);
    }

    /** So many of the numbers from..to, none of those taken. */
    private BitSet choose(int from, int to, int count, BitSet taken) {
        int[] free = IntStream.range(from, to).filter(i -> !taken.get(i)).toArray();
        BitSet chosen = new BitSet();
        for (int i = 0; i < Math.min(count, free.length); i++) {
            int other = i + random.nextInt(free.length - i);
            chosen.set(free[other]);
            free[other] = free[i];
        }
        return chosen;
    }
}
