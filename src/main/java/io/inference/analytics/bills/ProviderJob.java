package io.inference.analytics.bills;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.EndsBeforeStop;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderClient;
import io.inference.analytics.provider.ProviderClients;
import io.inference.analytics.provider.ProviderTrouble;
import io.inference.analytics.provider.ProvidersConfig;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * The daily import of every provider whose key is set and of which one day has been validated, and
 * the retries of failed days.
 *
 * <p>Each slot is claimed once in the database, whatever the number of replicas. Each imported day
 * renews the claim; the claim of a process that died ends after 15 minutes.
 *
 * <p>Every round also refreshes the metrics. A round that fails is repeated by the next one.
 */
@ApplicationScoped
class ProviderJob {

    private static final Logger LOG = Logger.getLogger(ProviderJob.class);
    private static final Duration LEASE = Duration.ofMinutes(15);
    private static final Duration UPKEEP = Duration.ofDays(1);

    private static final String CLAIM =
            """
            insert into analytics.provider_daily_slot as slots (provider, org_ref, slot, claimed_by, claimed_at, leased_until)
            values (:provider, :org, :slot, :replica, :now, :until)
            on conflict (provider, org_ref, slot) do update set claimed_by = excluded.claimed_by, claimed_at = excluded.claimed_at,
                leased_until = excluded.leased_until
            where slots.finished_at is null and slots.leased_until <= excluded.claimed_at
            returning slot
            """;

    private static final String RENEW =
            """
            update analytics.provider_daily_slot set leased_until = :at
            where provider = :provider and org_ref = :org and slot = :slot and claimed_by = :replica
            """;

    private static final String FINISH =
            """
            update analytics.provider_daily_slot set finished_at = :at
            where provider = :provider and org_ref = :org and slot = :slot and claimed_by = :replica
            """;

    private final ProvidersConfig config;
    private final ProviderImports imports;
    private final ProviderClients clients;
    private final LedgerQueries ledger;
    private final ProviderMetrics metrics;
    private final Jdbi jdbi;
    private final Clock clock;
    private final String replica = UUID.randomUUID().toString();
    private volatile Instant nextUpkeep = Instant.EPOCH;

    ProviderJob(
            ProvidersConfig config,
            ProviderImports imports,
            ProviderClients clients,
            LedgerQueries ledger,
            ProviderMetrics metrics,
            Jdbi jdbi,
            Clock clock) {
        this.config = config;
        this.imports = imports;
        this.clients = clients;
        this.ledger = ledger;
        this.metrics = metrics;
        this.jdbi = jdbi;
        this.clock = clock;
    }

    @EndsBeforeStop
    @Scheduled(
            every = "${analytics.providers.look-interval:1m}",
            delayed = "5s",
            concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void scheduled() {
        if (!config.enabled()) {
            return;
        }
        try {
            for (Provider provider : clients.configured()) {
                daily(provider);
            }
            if (!clock.instant().isBefore(nextUpkeep)) {
                upkeep();
            }
            metrics.refresh();
        } catch (JdbiException e) {
            LOG.warnf("event=provider_job_failed sqlstate=%s cause=\"%s\"", SqlState.of(e), e.getMessage());
        } catch (Failure e) {
            LOG.warnf("event=provider_job_failed cause=\"%s\"", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Imports the slot that is due, unless a replica has it already; then it retries the failed
     * days that are due.
     *
     * @return whether this replica imported the slot
     */
    boolean daily(Provider provider) throws InterruptedException {
        Instant now = clock.instant();
        if (!ledger.validated(provider, Optional.empty())) {
            LOG.debugf("event=provider_not_validated provider=%s", provider.wireName());
            return false;
        }
        ProviderClient client = clients.of(provider);
        String org;
        try {
            org = client.orgRef();
        } catch (ProviderTrouble e) {
            LOG.warnf(
                    "event=provider_organization_unknown provider=%s code=%s cause=\"%s\"",
                    provider.wireName(), e.code(), e.getMessage());
            return false;
        }
        if (!ledger.validated(provider, Optional.of(org))) {
            LOG.debugf("event=provider_not_validated provider=%s organization=%s", provider.wireName(), org);
            return false;
        }
        Slot slot = new Slot(provider, org, imports.schedule().slot(now));
        if (!claim(slot, now)) {
            retryDue(client, org, now);
            return false;
        }
        // A refused key fails the run, which is tried again when the lease ends; the days stay as they are.
        ProviderClients.verify(client);
        imports.run(client, imports.due(client, org, slot.date()), order(RunKind.DAILY, () -> renew(slot)));
        upkeep();
        jdbi.useHandle(handle -> stamp(handle, FINISH, slot, clock.instant()));
        return true;
    }

    /**
     * Deletes old pages and checks the laws. It is done after each import and once a day, because other
     * processes may do the imports.
     */
    private void upkeep() {
        Instant now = clock.instant();
        nextUpkeep = now.plus(UPKEEP);
        jdbi.useHandle(handle -> DayRows.purge(handle, now.minus(config.rawPages())));
        long broken = metrics.checkLaws();
        if (broken > 0) {
            LOG.errorf("event=provider_laws_broken count=%d", broken);
        }
    }

    /** A local date of the schedule, of one organisation. */
    private record Slot(Provider provider, String org, LocalDate date) {}

    private void retryDue(ProviderClient client, String org, Instant now) throws InterruptedException {
        Map<Dataset, SortedSet<LocalDate>> due = ledger.retryDue(client.provider(), org, now);
        if (!due.isEmpty()) {
            imports.run(client, due, order(RunKind.RETRY, () -> {}));
        }
    }

    private static ProviderImports.Order order(RunKind kind, Runnable heartbeat) {
        return new ProviderImports.Order(kind, "schedule", false, Duration.ofMillis(100), outcome -> heartbeat.run());
    }

    /**
     * A day takes five minutes at most, so a claim that is not renewed belongs to a process that
     * died.
     */
    private void renew(Slot slot) {
        try {
            jdbi.useHandle(handle -> stamp(handle, RENEW, slot, clock.instant().plus(LEASE)));
        } catch (JdbiException e) {
            // The next day renews it; at worst another replica reads days again, which changes nothing.
            LOG.warnf("event=provider_slot_not_renewed sqlstate=%s", SqlState.of(e));
        }
    }

    private void stamp(Handle handle, String sql, Slot slot, Instant at) {
        handle.createUpdate(sql)
                .bind("at", at)
                .bind("provider", slot.provider())
                .bind("org", slot.org())
                .bind("slot", slot.date())
                .bind("replica", replica)
                .execute();
    }

    private boolean claim(Slot slot, Instant now) {
        return jdbi.withHandle(handle -> handle.createQuery(CLAIM)
                .bind("provider", slot.provider())
                .bind("org", slot.org())
                .bind("slot", slot.date())
                .bind("replica", replica)
                .bind("now", now)
                .bind("until", now.plus(LEASE))
                .mapTo(LocalDate.class)
                .findOne()
                .isPresent());
    }
}
