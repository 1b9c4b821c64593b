package io.inference.analytics.bills;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.DayAnswer;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderClient;
import io.inference.analytics.provider.ProviderClients;
import io.inference.analytics.provider.ProviderTrouble;
import io.inference.analytics.provider.ProvidersConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Imports days of the providers' reports.
 *
 * <p>The steps for some days of a data set, and what holds if one fails:
 *
 * <ol>
 *   <li>Lock the days for the session (see {@link DayLocks}): another process waits; one that died
 *       holds nothing.
 *   <li>Fetch all pages, outside of any transaction: if a page is missing, nothing is imported, and
 *       the ledger records it for each day.
 *   <li>Store each day in a transaction of its own (see {@link DayImport}): the days before it are
 *       stored, the day itself is as it was.
 *   <li>Unlock the days.
 * </ol>
 *
 * Running it again changes no day that is right already.
 */
@ApplicationScoped
public class ProviderImports {

    private static final Logger LOG = Logger.getLogger(ProviderImports.class);

    /**
     * The result of a run.
     *
     * @param runId in provider_import_run
     * @param days in the order in which they were imported
     */
    public record Summary(UUID runId, List<DayOutcome> days) {

        /** Whether every stored day is what the provider says. */
        public boolean complete() {
            return days.stream().allMatch(day -> day.status().good());
        }
    }

    /** Why and for whom a run is made, and how it proceeds. */
    record Order(RunKind kind, String requestedBy, boolean released, Duration pause, Consumer<DayOutcome> progress) {}

    private final ProviderClients clients;
    private final RunRecords runs;
    private final DayImport store;
    private final LedgerQueries ledger;
    private final DirectoryStore directories;
    private final ProvidersConfig config;
    private final Jdbi jdbi;
    private final Clock clock;

    ProviderImports(
            ProviderClients clients,
            RunRecords runs,
            DayImport store,
            LedgerQueries ledger,
            DirectoryStore directories,
            ProvidersConfig config,
            Jdbi jdbi,
            Clock clock) {
        this.clients = clients;
        this.runs = runs;
        this.store = store;
        this.ledger = ledger;
        this.directories = directories;
        this.config = config;
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /** The last UTC day that is over. */
    public LocalDate yesterday() {
        return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).minusDays(1);
    }

    /**
     * Imports one day of all data sets of a provider.
     *
     * @param released a person says that an empty or very large day is right
     * @throws Failure.Invalid when the day is in the future
     * @throws Failure.Unavailable when the key is missing or refused
     */
    public Summary importDay(
            Provider provider, LocalDate date, boolean released, String requestedBy, Consumer<DayOutcome> progress)
            throws InterruptedException {
        if (date.isAfter(yesterday().plusDays(1))) {
            throw new Failure.Invalid("date", "date: %s (expected: today or before)".formatted(date));
        }
        ProviderClient client = clients.of(provider);
        ProviderClients.verify(client);
        return run(
                client,
                everything(client, new TreeSet<>(List.of(date))),
                new Order(RunKind.MANUAL, requestedBy, released, Duration.ZERO, progress));
    }

    /**
     * Imports the same days as the daily schedule: yesterday, days that are due to be read again,
     * and missing days.
     *
     * @throws Failure.Conflict when no day of the provider has been validated yet
     */
    public Summary importDue(Provider provider, String requestedBy, Consumer<DayOutcome> progress)
            throws InterruptedException {
        ProviderClient client = clients.of(provider);
        ProviderClients.verify(client);
        String org = validated(client);
        Summary summary = run(
                client,
                due(client, org, schedule().slot(clock.instant())),
                new Order(RunKind.DAILY, requestedBy, false, Duration.ofMillis(100), progress));
        // A CronJob may be the only process that imports, and that has the schedule.
        jdbi.useHandle(handle -> DayRows.purge(handle, clock.instant().minus(config.rawPages())));
        return summary;
    }

    DailySchedule schedule() {
        return new DailySchedule(config.dailyAt(), config.dailyZone());
    }

    /** See {@link DueDays}. */
    Map<Dataset, SortedSet<LocalDate>> due(ProviderClient client, String org, LocalDate slot) {
        SortedSet<LocalDate> days = schedule().days(slot, clock.instant());
        return new DueDays(ledger, yesterday())
                .of(client.provider(), org, everything(client, days), schedule().closed(slot));
    }

    /**
     * Days to fill in, both ends included.
     *
     * @param force also days that are good
     * @param released a person says that empty or very large days are right
     */
    public record Range(LocalDate from, LocalDate to, boolean force, boolean released) {}

    /**
     * Imports the days of a range that are not good yet.
     *
     * @throws Failure.Conflict when no day of the provider has been validated yet
     */
    public Summary backfill(Provider provider, Range range, String requestedBy, Consumer<DayOutcome> progress)
            throws InterruptedException {
        LocalDate from = range.from();
        LocalDate to = range.to();
        if (from.isAfter(to) || to.isAfter(yesterday())) {
            throw new Failure.Invalid(
                    "to",
                    "to: %s (expected: from %s, which is from, to yesterday, %s)".formatted(to, from, yesterday()));
        }
        ProviderClient client = clients.of(provider);
        ProviderClients.verify(client);
        String org = validated(client);
        Map<Dataset, SortedSet<LocalDate>> wanted =
                reports(client, new TreeSet<>(from.datesUntil(to.plusDays(1)).toList()));
        if (!range.force()) {
            for (Map.Entry<Dataset, SortedSet<LocalDate>> days : wanted.entrySet()) {
                days.getValue().removeAll(ledger.good(days.getKey(), org, from, to));
            }
        }
        return run(
                client,
                wanted,
                new Order(RunKind.BACKFILL, requestedBy, range.released(), config.backfillPause(), progress));
    }

    /** The key's organisation, of which at least one day must have been validated. */
    private String validated(ProviderClient client) throws InterruptedException {
        Provider provider = client.provider();
        if (!ledger.validated(provider, Optional.empty())) {
            throw notValidated(provider.wireName());
        }
        String org = ProviderClients.org(client);
        if (!ledger.validated(provider, Optional.of(org))) {
            throw notValidated(provider.wireName() + " " + org);
        }
        return org;
    }

    private static Failure.Conflict notValidated(String whose) {
        return new Failure.Conflict(
                "no day of %s has been validated (expected: providers import and providers validate of one day first)"
                        .formatted(whose));
    }

    /**
     * Reads days again, whatever their last result was.
     *
     * @param days empty: all days whose last attempt failed
     * @throws Failure.Invalid when one of them is not over yet
     */
    public Summary retry(
            Provider provider, SortedSet<LocalDate> days, String requestedBy, Consumer<DayOutcome> progress)
            throws InterruptedException {
        if (!days.isEmpty() && days.last().isAfter(yesterday())) {
            throw new Failure.Invalid("date", "date: %s (expected: a day that is over)".formatted(days.last()));
        }
        ProviderClient client = clients.of(provider);
        ProviderClients.verify(client);
        return run(
                client,
                days.isEmpty()
                        ? ledger.failed(provider, ProviderClients.org(client), clock.instant())
                        : reports(client, days),
                new Order(RunKind.RETRY, requestedBy, false, config.backfillPause(), progress));
    }

    /**
     * Days to yesterday without a good import, as {@code date dataset status}, and the organisation
     * where there are several.
     *
     * @param from first day to look at; empty: the first that was ever tried
     */
    public List<String> gaps(Provider provider, Optional<LocalDate> from) {
        List<LedgerQueries.Gap> gaps = ledger.gaps(provider, from, yesterday());
        boolean several =
                gaps.stream().map(LedgerQueries.Gap::orgRef).distinct().count() > 1;
        return gaps.stream()
                .map(gap ->
                        gap.date() + "\t" + gap.dataset() + "\t" + gap.status() + (several ? "\t" + gap.orgRef() : ""))
                .toList();
    }

    /** Providers whose keys are set. */
    public List<Provider> configured() {
        return clients.configured();
    }

    /** All data sets that have a past, each with its own set of days. */
    private static Map<Dataset, SortedSet<LocalDate>> reports(ProviderClient client, SortedSet<LocalDate> days) {
        Map<Dataset, SortedSet<LocalDate>> wanted = new EnumMap<>(Dataset.class);
        for (Dataset dataset : client.datasets()) {
            if (dataset.hasPast()) {
                wanted.put(dataset, new TreeSet<>(days));
            }
        }
        return wanted;
    }

    /**
     * All data sets of a provider for the same days; a data set without a past for today instead.
     */
    Map<Dataset, SortedSet<LocalDate>> everything(ProviderClient client, SortedSet<LocalDate> days) {
        Map<Dataset, SortedSet<LocalDate>> wanted = new EnumMap<>(Dataset.class);
        for (Dataset dataset : client.datasets()) {
            wanted.put(
                    dataset,
                    dataset.hasPast() ? days : new TreeSet<>(List.of(yesterday().plusDays(1))));
        }
        return wanted;
    }

    /** Imports the days in parts along the calendar. */
    Summary run(ProviderClient client, Map<Dataset, SortedSet<LocalDate>> wanted, Order order)
            throws InterruptedException {
        UUID runId = UUID.randomUUID();
        SortedSet<LocalDate> all = new TreeSet<>();
        wanted.values().forEach(all::addAll);
        List<DayOutcome> outcomes = new ArrayList<>();
        if (all.isEmpty()) {
            return new Summary(runId, outcomes);
        }
        String org = ProviderClients.org(client);
        ProviderRules.apply(config, jdbi, clock);
        jdbi.useHandle(handle -> runs.begin(handle, runId, client.provider(), order.kind(), all, order.requestedBy()));
        Map<String, Long> before = client.requests();
        boolean ended = false;
        try {
            if (order.kind() == RunKind.DAILY || order.kind() == RunKind.MANUAL) {
                refreshDirectory(client, org);
            }
            for (ImportPart part : ImportPart.of(client, wanted)) {
                if (!outcomes.isEmpty()) {
                    TimeUnit.MILLISECONDS.sleep(order.pause().toMillis());
                }
                for (DayOutcome outcome : part(client, org, part, runId, order)) {
                    outcomes.add(outcome);
                    order.progress().accept(outcome);
                }
            }
            ended = true;
        } finally {
            end(runId, outcomes, ended, RunRecords.since(before, client.requests()));
        }
        return new Summary(runId, outcomes);
    }

    private List<DayOutcome> part(ProviderClient client, String org, ImportPart part, UUID runId, Order order)
            throws InterruptedException {
        DayImport.Import by = new DayImport.Import(runId, order.kind(), clock.instant());
        List<DayOutcome> outcomes = jdbi.withHandle(handle -> DayLocks.hold(
                handle, part.dataset(), org, part.days(), locked -> read(locked, client, org, part, by, order)));
        outcomes.forEach(outcome -> LOG.debugf(
                "event=provider_day provider=%s dataset=%s date=%s status=%s revision=%d",
                client.provider().wireName(),
                outcome.dataset(),
                outcome.date(),
                outcome.status().wireName(),
                outcome.revision()));
        return outcomes;
    }

    /** If the days are too large for one call, each is read alone: one large day keeps no other out. */
    private List<DayOutcome> read(
            Handle handle, ProviderClient client, String org, ImportPart part, DayImport.Import by, Order order)
            throws InterruptedException {
        List<DayOutcome> outcomes = new ArrayList<>();
        try {
            Map<LocalDate, DayAnswer> answers = client.fetch(
                    part.dataset(), part.days().first(), part.days().last());
            for (LocalDate day : part.days()) {
                DayKey key = new DayKey(part.dataset(), org, day);
                DayAnswer answer = answers.get(day);
                Optional<ProviderTrouble> passing = answer.fault().filter(ProviderTrouble::retryable);
                outcomes.add(
                        passing.isPresent()
                                ? store.failed(handle, key, by, passing.get())
                                : store(handle, key, answer, by, order.released()));
            }
        } catch (ProviderTrouble e) {
            if (e.code().equals(ProviderTrouble.TOO_LARGE) && part.days().size() > 1) {
                for (LocalDate day : part.days()) {
                    ImportPart alone = new ImportPart(part.dataset(), new TreeSet<>(List.of(day)));
                    outcomes.addAll(read(handle, client, org, alone, by, order));
                }
                return outcomes;
            }
            for (LocalDate day : part.days()) {
                outcomes.add(store.failed(handle, new DayKey(part.dataset(), org, day), by, e));
            }
        }
        return outcomes;
    }

    /** A row that the database refuses fails only its day; an unreachable database fails all. */
    private DayOutcome store(Handle handle, DayKey key, DayAnswer answer, DayImport.Import by, boolean released) {
        try {
            return store.store(handle, key, answer, by, released);
        } catch (JdbiException e) {
            if (!SqlState.refusesValues(e)) {
                throw e;
            }
            String state = SqlState.of(e);
            LOG.warnf(
                    "event=provider_day_refused dataset=%s date=%s sqlstate=%s",
                    key.dataset().wireName(), key.day(), state);
            return store.failed(
                    handle,
                    key,
                    by,
                    ProviderTrouble.lasting("storage_rejected", "the database refuses a row, SQLState " + state));
        }
    }

    private void end(UUID runId, List<DayOutcome> outcomes, boolean ended, Map<String, Long> requests) {
        Map<ImportStatus, Integer> counts = new LinkedHashMap<>();
        outcomes.forEach(outcome -> counts.merge(outcome.status(), 1, Integer::sum));
        long good = outcomes.stream().filter(outcome -> outcome.status().good()).count();
        String status = !ended || (good == 0 && !outcomes.isEmpty())
                ? "failed"
                : good == outcomes.size() ? "succeeded" : "partial";
        jdbi.useHandle(handle -> runs.end(handle, runId, status, counts, requests));
        LOG.infof("event=provider_run_ended runId=%s status=%s days=%s", runId, status, counts);
    }

    /** Names are useful, but no import fails because of them. */
    private void refreshDirectory(ProviderClient client, String org) throws InterruptedException {
        try {
            client.directory()
                    .ifPresent(directory -> jdbi.useHandle(
                            handle -> directories.store(handle, client.provider(), org, directory, clock.instant())));
        } catch (ProviderTrouble e) {
            LOG.warnf(
                    "event=provider_directory_failed provider=%s code=%s cause=\"%s\"",
                    client.provider().wireName(), e.code(), e.getMessage());
        }
    }
}
