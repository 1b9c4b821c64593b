package io.inference.analytics.devtools;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.NoSuchElementException;
import java.util.Random;

/**
 * Three hours of the traffic of two organisations up to now, in which for ten minutes one model times out for one client of the
 * first organisation, and for nobody else. One event a message, in the order of their times. Equal seed and time: equal bytes.
 */
public final class IncidentScenario implements Iterator<byte[]> {

    public static final String ORG = SampleOptions.orgId(1);
    public static final String MODEL = SampleOptions.modelId(2);
    public static final String CLIENT = "client-2";

    static final int EVENTS = 6_000;
    private static final Duration HISTORY = Duration.ofHours(3);
    private static final Duration BEGAN_AGO = Duration.ofMinutes(12);
    private static final Duration LASTED = Duration.ofMinutes(10);
    /** What gateways commonly wait for a model. */
    private static final long TIMEOUT_MS = 30_000;

    private final Random random;
    private final Instant now;
    private int made;

    public IncidentScenario(long seed, Instant now) {
        this.random = new Random(seed * 0x9e3779b97f4a7c15L);
        this.now = now.truncatedTo(ChronoUnit.MICROS);
    }

    /** When it begins. */
    public Instant start() {
        return now.minus(BEGAN_AGO);
    }

    /** When it is over. */
    public Instant end() {
        return start().plus(LASTED);
    }

    @Override
    public boolean hasNext() {
        return made < EVENTS;
    }

    @Override
    public byte[] next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Instant at = now.minus(HISTORY)
                .plus(HISTORY.multipliedBy(made).dividedBy(EVENTS))
                .truncatedTo(ChronoUnit.MICROS);
        String org = SampleOptions.orgId(1 + made % 2);
        made++;
        // A quarter of the traffic is the client that will suffer, so that the alert of the whole organisation sees it
        // too.
        boolean mainstay = random.nextInt(4) == 0;
        int model = mainstay ? 2 : 1 + random.nextInt(3);
        String client = mainstay ? CLIENT : "client-" + (1 + random.nextInt(4));
        boolean hit = org.equals(ORG)
                && SampleOptions.modelId(model).equals(MODEL)
                && client.equals(CLIENT)
                && !at.isBefore(start())
                && at.isBefore(end());
        return event(at, org, model, client, hit, random.nextInt(100) == 0);
    }

    private byte[] event(Instant at, String org, int model, String client, boolean hit, boolean unlucky) {
        // StrictMath: the same bytes on any machine.
        long latencyMs = Math.max(1, Math.round(400 * model * StrictMath.exp(0.5 * random.nextGaussian())));
        long input = 200L + random.nextInt(3_000);
        long output = hit || unlucky ? 0 : 20L + random.nextInt(500);
        LinkedHashMap<String, String> event = new LinkedHashMap<>();
        event.put("eventId", quoted(EventJson.uuid(random)));
        event.put("orgId", quoted(org));
        event.put("modelId", quoted(SampleOptions.modelId(model)));
        event.put("clientId", quoted(client));
        event.put("occurredAt", quoted(at.toString()));
        event.put("latencyMs", String.valueOf(hit ? TIMEOUT_MS + random.nextInt(500) : latencyMs));
        if (!hit && !unlucky) {
            event.put("timeToFirstTokenMs", String.valueOf(Math.max(1, latencyMs / 4)));
        }
        event.put("status", quoted(hit ? "timeout" : unlucky ? "error" : "success"));
        if (hit) {
            event.put("errorCode", quoted("upstream_timeout"));
        } else if (unlucky) {
            event.put("errorCode", quoted("internal_error"));
        }
        event.put("inputTokens", String.valueOf(input));
        event.put("outputTokens", String.valueOf(output));
        event.put(
                "costEstimateCents",
                BigDecimal.valueOf(30 * input + 150 * output, 5).toPlainString());
        return EventJson.of(event).toString().getBytes(UTF_8);
    }

    private static String quoted(Object text) {
        return "\"" + text + "\"";
    }
}
