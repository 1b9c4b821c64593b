package io.inference.analytics.bills;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderClient;
import io.inference.analytics.provider.ProviderClients;
import io.inference.analytics.provider.ProviderTrouble;
import io.inference.analytics.provider.ProvidersConfig;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.UUID;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * The daily import of every provider whose key is set and of which one day has been validated, and the retries of what failed.
 *
 * <p>Each slot is claimed once in the database, whatever the number of replicas; the claim is renewed with each day that is
 * done, and that of a process that died ends after a quarter of an hour. Every round also refreshes the metrics. A round that fails is tried again in the next one.
 */
@ApplicationScoped
class ProviderJob {

    private static final Logger LOG = Logger.getLogger(ProviderJob.class);
    private static final Duration LEASE = Duration.ofMinutes(15);

    private static final String CLAIM =
            """
            insert into analytics.provider_daily_slot as slots (provider, org_ref, slot, claimed_by, claimed_at, leased_until)
            values (?, ?, ?, ?, ?, ?)
            on conflict (provider, org_ref, slot) do update set claimed_by = excluded.claimed_by, claimed_at = excluded.claimed_at,
                leased_until = excluded.leased_until
            where slots.finished_at is null and slots.leased_until <= excluded.claimed_at
            returning slot
            """;

    private static final String RENEW =
            "update analytics.provider_daily_slot set leased_until = ? where provider = ? and org_ref = ? and slot = ? and claimed_by = ?";

    private static final String FINISH =
            "update analytics.provider_daily_slot set finished_at = ? where provider = ? and org_ref = ? and slot = ? and claimed_by = ?";

    private static final String PURGE = "delete from analytics.provider_raw_page where fetched_at < ?";

    private final ProvidersConfig config;
    private final ProviderImports imports;
    private final ProviderClients clients;
    private final LedgerQueries ledger;
    private final ProviderMetrics metrics;
    private final DataSource dataSource;
    private final Clock clock;
    private final String replica = UUID.randomUUID().toString();

    ProviderJob(
            ProvidersConfig config,
            ProviderImports imports,
            ProviderClients clients,
            LedgerQueries ledger,
            ProviderMetrics metrics,
            DataSource dataSource,
            Clock clock) {
        this.config = config;
        this.imports = imports;
        this.clients = clients;
        this.ledger = ledger;
        this.metrics = metrics;
        this.dataSource = dataSource;
        this.clock = clock;
    }

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
            metrics.refresh();
        } catch (SQLException e) {
            LOG.warnf("event=provider_job_failed sqlstate=%s cause=%s", e.getSQLState(), e.getMessage());
        } catch (Failure e) {
            LOG.warnf("event=provider_job_failed cause=\"%s\"", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Does the slot that is due, if no replica has; otherwise tries again what failed and may be tried by now.
     *
     * @return whether the slot was done here
     */
    boolean daily(Provider provider) throws SQLException, InterruptedException {
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
        imports.run(client, imports.due(client, org, slot.date()), order(RunKind.DAILY, () -> renew(slot)));
        long broken = metrics.checkLaws();
        if (broken > 0) {
            LOG.errorf("event=provider_laws_broken count=%d", broken);
        }
        try (Connection connection = dataSource.getConnection()) {
            try (PreparedStatement purge = connection.prepareStatement(PURGE)) {
                purge.setObject(1, DayImport.utc(now.minus(config.rawPages())));
                purge.executeUpdate();
            }
            stamp(connection, FINISH, slot, clock.instant());
        }
        return true;
    }

    /** A local date of the schedule, of one organisation. */
    private record Slot(Provider provider, String org, LocalDate date) {}

    private void retryDue(ProviderClient client, String org, Instant now) throws SQLException, InterruptedException {
        Map<Dataset, SortedSet<LocalDate>> due = ledger.retryDue(client.provider(), org, now);
        if (!due.isEmpty()) {
            imports.run(client, due, order(RunKind.RETRY, () -> {}));
        }
    }

    private static ProviderImports.Order order(RunKind kind, Runnable heartbeat) {
        return new ProviderImports.Order(kind, "schedule", false, Duration.ofMillis(100), outcome -> heartbeat.run());
    }

    /** A day takes five minutes at most, so a claim that is not renewed is of a process that died. */
    private void renew(Slot slot) {
        try (Connection connection = dataSource.getConnection()) {
            stamp(connection, RENEW, slot, clock.instant().plus(LEASE));
        } catch (SQLException e) {
            // The next day renews it; at worst another replica reads days again, which changes nothing.
            LOG.warnf("event=provider_slot_not_renewed sqlstate=%s", e.getSQLState());
        }
    }

    private void stamp(Connection connection, String sql, Slot slot, Instant at) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(sql)) {
            update.setObject(1, DayImport.utc(at));
            update.setString(2, slot.provider().wireName());
            update.setString(3, slot.org());
            update.setObject(4, slot.date());
            update.setString(5, replica);
            update.executeUpdate();
        }
    }

    private boolean claim(Slot slot, Instant now) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement claim = connection.prepareStatement(CLAIM)) {
            claim.setString(1, slot.provider().wireName());
            claim.setString(2, slot.org());
            claim.setObject(3, slot.date());
            claim.setString(4, replica);
            claim.setObject(5, DayImport.utc(now));
            claim.setObject(6, DayImport.utc(now.plus(LEASE)));
            try (ResultSet row = claim.executeQuery()) {
                return row.next();
            }
        }
    }
}
