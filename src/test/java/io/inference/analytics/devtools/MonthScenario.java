package io.inference.analytics.devtools;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigDecimal;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Queue;
import java.util.Random;
import java.util.Set;

/**
 * A month of two organisations up to an hour ago, as a company sees it: working days are busy and weekends are not, three clients
 * and ten users ask five models, of which one has no price. On a working day of the last week, one client of the first organisation
 * begins to ask one model much more, which three hours later times out for it for forty minutes. One event a message. Equal seed and
 * time: equal bytes.
 */
final class MonthScenario implements Iterator<byte[]> {

    static final int USERS = 10;
    static final int CLIENTS = 3;
    /** Events of this model have no cost. */
    static final int UNPRICED_MODEL = 5;
    /** Only this client uses it: the costs of the others are complete, and can be compared. */
    static final int UNPRICED_CLIENT = 3;

    private static final int NUMBER_OF_INCIDENT_MODEL = 2;

    static final String INCIDENT_ORG = SampleOptions.orgId(1);
    static final String INCIDENT_MODEL = SampleOptions.modelId(NUMBER_OF_INCIDENT_MODEL);
    static final String INCIDENT_CLIENT = "client-2";

    private static final int DAYS = 30;
    private static final int CALLS_OF_WORKING_DAY = 150;
    private static final int CALLS_OF_WEEKEND_DAY = 30;
    private static final int CALLS_OF_INCIDENT = 60;
    /** A spike is found by comparing two windows, each of which must have enough traffic. */
    private static final int CALLS_BEFORE_INCIDENT = 90;

    private static final Duration BETWEEN_CALLS_BEFORE = Duration.ofMinutes(2);
    private static final Duration INCIDENT = Duration.ofMinutes(40);
    private static final LocalTime INCIDENT_BEGINS = LocalTime.of(13, 0);
    /** A working day of the last seven, whatever today is, is among these. */
    private static final int[] INCIDENT_DAYS_AGO = {5, 4, 6};

    private static final Set<DayOfWeek> WEEKEND = EnumSet.of(DayOfWeek.SATURDAY, DayOfWeek.SUNDAY);
    private static final LocalTime OFFICE_OPENS = LocalTime.of(7, 0);
    private static final long OFFICE_SECONDS = Duration.ofHours(11).toSeconds();
    private static final long DAY_SECONDS = Duration.ofDays(1).toSeconds();
    /** What gateways commonly wait for a model. */
    private static final long TIMEOUT_MS = 30_000;
    /** Of how many calls each model gets; the first one most. */
    private static final int[] MODEL_OF_TEN = {1, 1, 1, 1, 2, 2, 2, 3, 4, 5};

    private final Random random;
    private final Instant end;
    private final LocalDate today;
    private final Instant incident;
    private final Queue<byte[]> ready = new ArrayDeque<>();
    private int daysAgo = DAYS;

    MonthScenario(long seed, Instant now) {
        this.random = new Random(seed * 0x9e3779b97f4a7c15L + 1);
        this.end = now.minus(1, ChronoUnit.HOURS).truncatedTo(ChronoUnit.MICROS);
        this.today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        this.incident = incidentDay().atTime(INCIDENT_BEGINS).toInstant(ZoneOffset.UTC);
        fill();
    }

    /** When the incident begins. */
    Instant incidentStart() {
        return incident;
    }

    /** When the incident is over. */
    Instant incidentEnd() {
        return incident.plus(INCIDENT);
    }

    @Override
    public boolean hasNext() {
        return !ready.isEmpty();
    }

    @Override
    public byte[] next() {
        byte[] event = ready.remove();
        fill();
        return event;
    }

    private LocalDate incidentDay() {
        for (int ago : INCIDENT_DAYS_AGO) {
            if (!WEEKEND.contains(today.minusDays(ago).getDayOfWeek())) {
                return today.minusDays(ago);
            }
        }
        throw new IllegalStateException("no working day within a week before " + today);
    }

    /** Makes the events of the next days until there are some. */
    private void fill() {
        while (ready.isEmpty() && daysAgo >= 0) {
            LocalDate day = today.minusDays(daysAgo--);
            int calls = WEEKEND.contains(day.getDayOfWeek()) ? CALLS_OF_WEEKEND_DAY : CALLS_OF_WORKING_DAY;
            for (int call = 0; call < calls; call++) {
                add(at(day), 1 + random.nextInt(10) / 7);
            }
            if (day.equals(incidentDay())) {
                addIncident();
            }
        }
    }

    private void addIncident() {
        for (int call = 1; call <= CALLS_BEFORE_INCIDENT; call++) {
            Instant at = incident.minus(BETWEEN_CALLS_BEFORE.multipliedBy(call));
            add(at, 1, NUMBER_OF_INCIDENT_MODEL, INCIDENT_CLIENT);
        }
        for (int call = 0; call < CALLS_OF_INCIDENT; call++) {
            addTimeout(incident.plusMillis(random.nextLong(INCIDENT.toMillis())));
        }
    }

    /** Three in four calls fall into office hours. */
    private Instant at(LocalDate day) {
        boolean office = random.nextInt(4) > 0;
        LocalTime from = office ? OFFICE_OPENS : LocalTime.MIDNIGHT;
        double micros = random.nextDouble() * (office ? OFFICE_SECONDS : DAY_SECONDS) * 1_000_000;
        return day.atTime(from).toInstant(ZoneOffset.UTC).plus((long) micros, ChronoUnit.MICROS);
    }

    private void add(Instant at, int org) {
        int model = MODEL_OF_TEN[random.nextInt(MODEL_OF_TEN.length)];
        int client = model == UNPRICED_MODEL ? UNPRICED_CLIENT : 1 + random.nextInt(CLIENTS);
        add(at, org, model, "client-" + client);
    }

    private void add(Instant at, int org, int model, String client) {
        // Some users ask more than others.
        int user = 1 + Math.min(random.nextInt(USERS), random.nextInt(USERS));
        boolean unlucky = random.nextInt(100) == 0;
        LinkedHashMap<String, String> event = event(at, SampleOptions.orgId(org), model, client);
        event.put("actorId", quoted(SampleOptions.userId(org, user)));
        // StrictMath: the same bytes on any machine.
        long latencyMs = Math.max(1, Math.round(400 * model * StrictMath.exp(0.5 * random.nextGaussian())));
        long input = 2_000L + random.nextInt(12_000);
        long output = unlucky ? 0 : 200L + random.nextInt(1_500);
        long cached = random.nextInt(3) == 0 ? input / 2 : 0;
        event.put("latencyMs", String.valueOf(latencyMs));
        if (unlucky) {
            event.put("errorCode", quoted("internal_error"));
        } else {
            event.put("timeToFirstTokenMs", String.valueOf(Math.max(1, latencyMs / 4)));
        }
        event.put("status", quoted(unlucky ? "error" : "success"));
        event.put("inputTokens", String.valueOf(input));
        event.put("outputTokens", String.valueOf(output));
        if (cached > 0) {
            event.put("cacheReadInputTokens", String.valueOf(cached));
        }
        if (model != UNPRICED_MODEL) {
            // Hundred-thousandths of a cent a token: plain 30, read 3, output 150; a better model costs more.
            long unit = (30 * (input - cached) + 3 * cached + 150 * output) * model;
            event.put("costEstimateCents", BigDecimal.valueOf(unit, 5).toPlainString());
        }
        publish(at, event);
    }

    private void addTimeout(Instant at) {
        LinkedHashMap<String, String> event = event(at, INCIDENT_ORG, NUMBER_OF_INCIDENT_MODEL, INCIDENT_CLIENT);
        event.put("actorId", quoted(SampleOptions.userId(1, 1 + random.nextInt(USERS))));
        event.put("latencyMs", String.valueOf(TIMEOUT_MS + random.nextInt(500)));
        event.put("status", quoted("timeout"));
        event.put("errorCode", quoted("upstream_timeout"));
        event.put("inputTokens", String.valueOf(2_000 + random.nextInt(12_000)));
        event.put("outputTokens", "0");
        event.put("costEstimateCents", "0");
        publish(at, event);
    }

    private LinkedHashMap<String, String> event(Instant at, String org, int model, String client) {
        LinkedHashMap<String, String> event = new LinkedHashMap<>();
        event.put("eventId", quoted(EventJson.uuid(random)));
        event.put("orgId", quoted(org));
        event.put("modelId", quoted(SampleOptions.modelId(model)));
        event.put("clientId", quoted(client));
        event.put("occurredAt", quoted(at));
        return event;
    }

    /** Today and the first day are not whole: a page that shows 30 days up to a full hour shows all of it. */
    private void publish(Instant at, LinkedHashMap<String, String> event) {
        if (at.isBefore(end) && at.isAfter(end.minus(DAYS, ChronoUnit.DAYS).plus(2, ChronoUnit.HOURS))) {
            ready.add(EventJson.of(event).toString().getBytes(UTF_8));
        }
    }

    private static String quoted(Object text) {
        return "\"" + text + "\"";
    }
}
