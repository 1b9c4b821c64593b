package io.inference.analytics.bills;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.devtools.Fault;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import io.inference.analytics.testing.MovedClock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProviderJobIT {

    private static ProviderLab lab;
    private SimpleMeterRegistry registry;

    @BeforeAll
    static void begin() {
        lab = new ProviderLab();
    }

    @BeforeEach
    void reset() {
        lab.reset();
        registry = new SimpleMeterRegistry();
    }

    @AfterAll
    static void end() {
        lab.close();
    }

    private ProviderMetrics metrics(MeterRegistry into) {
        return new ProviderMetrics(lab.ledger(), lab.clients(), lab.jdbi(), lab.clock(), into);
    }

    private ProviderJob job() {
        return job(lab.clock());
    }

    private ProviderJob job(Clock clock) {
        return new ProviderJob(
                lab.config(),
                lab.imports(),
                lab.clients(),
                lab.ledger(),
                metrics(new SimpleMeterRegistry()),
                lab.jdbi(),
                clock);
    }

    /** Every look at it takes a minute. */
    private static Clock slowDay() {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2025-10-16T13:00:00Z"));
        return new MovedClock(() -> now.updateAndGet(last -> last.plusSeconds(60)));
    }

    @Test
    void aLongRunKeepsItsSlotAndADeadOneLosesIt() throws Exception {
        lab.offerF1();
        lab.at(Instant.parse("2025-10-16T13:00:00Z"));
        lab.anthropic(ProviderLab.OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), ProviderLab.OCT_15, Optional.empty());
        assertThat(job(slowDay()).daily(Provider.ANTHROPIC)).isTrue();
        assertThat(lab.database.text("select leased_until - claimed_at >= interval '24 minutes'"
                        + " from analytics.provider_daily_slot where finished_at is not null"))
                .as("a quarter of an hour after the last of nine reports, a minute each")
                .isEqualTo("t");
        lab.database.execute("update analytics.provider_daily_slot set finished_at = null");
        lab.at(Instant.parse("2025-10-16T13:10:00Z"));
        assertThat(job().daily(Provider.ANTHROPIC)).isFalse();
        lab.at(Instant.parse("2025-10-16T14:00:00Z"));
        assertThat(job().daily(Provider.ANTHROPIC)).isTrue();
    }

    /** Ten dollars a day for a week and a day, then the 22.72 of F1, of which 9.38 are Alice's. */
    @Test
    void whatTheAlertsReadIsWhatWasBilled() throws Exception {
        lab.offerF1();
        ArrayNode ten = ProviderHttp.JSON.createArrayNode();
        ten.add(((ObjectNode)
                        ProviderLab.file("f1-cost.json").at("/data/0/results/0").deepCopy())
                .put("amount", "1000"));
        lab.at(Instant.parse("2025-10-16T13:00:00Z"));
        for (int day = 8; day <= 14; day++) {
            lab.anthropicApi.cost(LocalDate.of(2025, 10, day), ten);
            lab.anthropic(LocalDate.of(2025, 10, day));
        }
        lab.anthropic(ProviderLab.OCT_15);
        ProviderMetrics metrics = metrics(registry);
        assertThat(gauge("attributed.ratio")).isEqualTo(1);
        metrics.refresh();
        assertThat(gauge("day.dollars", "provider", "anthropic")).isEqualTo(22.72);
        assertThat(gauge("week.mean.dollars", "provider", "anthropic")).isEqualTo(10);
        assertThat(gauge("month.dollars", "provider", "anthropic")).isEqualTo(92.72);
        assertThat(gauge("month.before.dollars", "provider", "anthropic"))
                .as("nothing was imported then")
                .isZero();
        assertThat(gauge("day.dollars", "provider", "cursor")).isZero();
        assertThat(gauge("attributed.ratio")).isCloseTo(9.38 / 92.72, within(1e-9));
        lab.anthropicApi.cost(LocalDate.of(2025, 9, 1), ten);
        lab.anthropicApi.cost(LocalDate.of(2025, 9, 16), ten);
        lab.anthropic(LocalDate.of(2025, 9, 1));
        lab.anthropic(LocalDate.of(2025, 9, 16));
        metrics.refresh();
        assertThat(gauge("month.before.dollars", "provider", "anthropic"))
                .as("up to the same day: the 15th")
                .isEqualTo(10);
    }

    @Test
    void failuresFaultsAndRestatementsShowAsShares() throws Exception {
        lab.offerF1();
        ProviderMetrics metrics = metrics(registry);
        assertShares(1, 0, 0);
        lab.anthropic(ProviderLab.OCT_15);
        lab.anthropicApi.fail("cost_report", Fault.FORBIDDEN);
        lab.anthropicApi.fail("messages", Fault.FORBIDDEN);
        lab.anthropic(ProviderLab.OCT_16);
        metrics.refresh();
        assertShares(4.0 / 6, 0, 0);
        ArrayNode results = ProviderLab.file("f1-cost.json").withArray("/data/0/results");
        ((ObjectNode) results.get(0)).put("amount", "-2151");
        lab.anthropicApi.cost(ProviderLab.OCT_16, results);
        lab.anthropic(ProviderLab.OCT_16);
        metrics.refresh();
        assertShares(5.0 / 6, 1.0 / 6, 0);
        // 1.22 becomes 1.32 and 3.14 becomes 3.04: twenty cents, although the sum is the same.
        ((ObjectNode) results.get(0)).put("amount", "132");
        ((ObjectNode) results.get(1)).put("amount", "304");
        lab.anthropicApi.cost(ProviderLab.OCT_15, results);
        lab.anthropic(ProviderLab.OCT_15);
        metrics.refresh();
        assertShares(5.0 / 6, 1.0 / 6, 0.2 / 22.72);
        assertThat(gauge("restated.dollars")).isEqualTo(0.2);
        lab.at(ProviderLab.NOW.plusSeconds(25 * 3600));
        ProviderMetrics later = metrics(registry = new SimpleMeterRegistry());
        later.refresh();
        assertShares(1, 1.0 / 6, 0);
    }

    @Test
    void whatComesInWhileADayRunsIsNoRestatement() throws Exception {
        lab.offerF1();
        lab.at(Instant.parse("2025-10-15T13:00:00Z"));
        lab.anthropic(ProviderLab.OCT_15);
        ArrayNode results = ProviderLab.file("f1-cost.json").withArray("/data/0/results");
        ((ObjectNode) results.get(0)).put("amount", "900");
        lab.anthropicApi.cost(ProviderLab.OCT_15, results);
        lab.at(Instant.parse("2025-10-16T00:00:00Z"));
        lab.anthropic(ProviderLab.OCT_15);
        ProviderMetrics metrics = metrics(registry);
        metrics.refresh();
        assertShares(1, 0, 0);
        assertThat(gauge("restated.dollars")).isZero();
        ((ObjectNode) results.get(0)).put("amount", "901");
        lab.anthropicApi.cost(ProviderLab.OCT_15, results);
        lab.anthropic(ProviderLab.OCT_15);
        metrics.refresh();
        assertThat(gauge("restated.dollars")).isEqualTo(0.01);
    }

    /** The change of 10 November is of a day that was final since the sixth. */
    @Test
    void aChangeOfAFinalDayHasAGaugeOfItsOwn() throws Exception {
        lab.offerF1();
        for (String[] read : new String[][] {{"2025-11-04", "121"}, {"2025-11-06", "122"}, {"2025-11-10", "132"}}) {
            lab.at(Instant.parse(read[0] + "T13:00:00Z"));
            lab.anthropicApi.cost(ProviderLab.OCT_15, ProviderLab.f1(read[1]));
            lab.anthropic(ProviderLab.OCT_15);
            metrics(registry = new SimpleMeterRegistry()).refresh();
            assertThat(gauge("closed.restated.dollars", "provider", "anthropic"))
                    .as(read[0])
                    .isEqualTo(read[1].equals("132") ? 0.1 : 0);
            assertThat(gauge("closed.restated.dollars", "provider", "openai")).isZero();
        }
        lab.at(Instant.parse("2025-11-11T14:00:00Z"));
        metrics(registry = new SimpleMeterRegistry()).refresh();
        assertThat(gauge("closed.restated.dollars", "provider", "anthropic")).isZero();
    }

    /** A command has ended before anything reads its metrics, so its run keeps the number. */
    @Test
    void refusedRequestsOfOtherProcessesAreCounted() throws Exception {
        lab.offerF1();
        lab.anthropicApi.fail("cost_report", Fault.RATE_LIMITED, Fault.RATE_LIMITED);
        lab.anthropic(ProviderLab.OCT_15);
        metrics(registry).refresh();
        assertThat(gauge("runs.rate.limited", "provider", "anthropic")).isEqualTo(2);
        assertThat(gauge("runs.rate.limited", "provider", "cursor")).isZero();
        lab.at(ProviderLab.NOW.plusSeconds(3_601));
        metrics(registry = new SimpleMeterRegistry()).refresh();
        assertThat(gauge("runs.rate.limited", "provider", "anthropic")).isZero();
    }

    private void assertShares(double success, double invalid, double restated) {
        assertThat(gauge("success.ratio", "provider", "anthropic")).isCloseTo(success, within(1e-9));
        assertThat(gauge("invalid.ratio", "provider", "anthropic")).isCloseTo(invalid, within(1e-9));
        assertThat(gauge("restated.ratio", "provider", "anthropic")).isCloseTo(restated, within(1e-9));
        assertThat(gauge("success.ratio", "provider", "cursor")).isEqualTo(1);
    }

    private double gauge(String name, String... tags) {
        return registry.get("analytics.provider." + name).tags(tags).gauge().value();
    }

    private double days(String status) {
        return registry.get("analytics.provider.import.days")
                .tag("provider", "anthropic")
                .tag("status", status)
                .gauge()
                .value();
    }

    @Test
    void aSlotIsDoneOnceAndAnOutageIsMadeUpFor() throws Exception {
        lab.offerF1();
        lab.at(Instant.parse("2025-10-16T12:00:00Z"));
        assertThat(job().daily(Provider.ANTHROPIC))
                .as("nothing before a day is validated")
                .isFalse();
        lab.anthropic(ProviderLab.OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), ProviderLab.OCT_15, Optional.empty());
        assertThat(job().daily(Provider.ANTHROPIC)).isTrue();
        assertThat(job().daily(Provider.ANTHROPIC))
                .as("another replica, the same slot")
                .isFalse();
        lab.database.execute("update analytics.provider_raw_page set fetched_at = '2025-07-27T12:59:59Z'"
                + " where usage_date = '2025-10-15'");
        lab.at(Instant.parse("2025-10-25T13:00:00Z"));
        assertThat(job().daily(Provider.ANTHROPIC)).isTrue();
        assertThat(lab.database.number(
                        "select count(*) from analytics.provider_raw_page where fetched_at < '2025-10-01'"))
                .as("answers are kept for 90 days")
                .isZero();
        assertThat(lab.imports().gaps(Provider.ANTHROPIC, Optional.empty())).isEmpty();
        assertThat(lab.database.number(
                        "select count(*) from analytics.provider_daily_slot where finished_at is not null"))
                .isEqualTo(2);
        assertThat(lab.database.number("select max(revision) from analytics.provider_import_day"))
                .isEqualTo(1);
    }

    private void agePages() {
        lab.database.execute("update analytics.provider_raw_page set fetched_at = '2025-07-17T12:59:59Z'");
    }

    private long oldPages() {
        return lab.database.number("select count(*) from analytics.provider_raw_page where fetched_at < '2025-10-01'");
    }

    /** A CronJob has the keys: the server deletes pages, checks the laws and expects further imports. */
    @Test
    void importsOfAnotherProcessAreWatched() throws Exception {
        lab.offerF1();
        lab.at(Instant.parse("2025-10-16T13:00:00Z"));
        lab.anthropic(ProviderLab.OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), ProviderLab.OCT_15, Optional.empty());
        agePages();
        lab.imports().importDue(Provider.ANTHROPIC, "test", outcome -> {});
        assertThat(oldPages()).as("deleted by the CronJob itself").isZero();
        agePages();
        for (String provider : new String[] {"anthropic", "cursor", "openai"}) {
            lab.set(provider + "-key", "");
        }
        lab.database.execute("delete from analytics.claude_cost_allocated");
        ProviderMetrics metrics = metrics(registry);
        new ProviderJob(lab.config(), lab.imports(), lab.clients(), lab.ledger(), metrics, lab.jdbi(), lab.clock())
                .scheduled();
        assertThat(oldPages()).as("deleted by the server").isZero();
        assertThat(gauge("broken.laws")).isPositive();
        assertThat(gauge("configured", "provider", "anthropic")).isEqualTo(1);
        assertThat(gauge("configured", "provider", "cursor")).isZero();
    }

    @Test
    void aDayWhosePagesAreGoneIsValidatedByWhatIsKnown() throws Exception {
        lab.offerF1();
        lab.anthropic(ProviderLab.OCT_15);
        lab.database.execute("truncate analytics.provider_raw_page");
        for (String total : new String[] {"22.72", null}) {
            assertThat(lab.validation()
                            .validate(
                                    Provider.ANTHROPIC,
                                    Optional.empty(),
                                    ProviderLab.OCT_15,
                                    Optional.ofNullable(total).map(BigDecimal::new)))
                    .allMatch(ProviderValidation.Checkpoint::passed)
                    .anyMatch(point -> point.warning() && point.name().equals("3 data complete"));
        }
        assertThat(lab.validation()
                        .validate(
                                Provider.ANTHROPIC,
                                Optional.empty(),
                                ProviderLab.OCT_15,
                                Optional.of(new BigDecimal("227.20"))))
                .filteredOn(point -> !point.passed())
                .extracting(ProviderValidation.Checkpoint::name)
                .containsExactly("1 cost accuracy");
    }

    /** The morning after, a Monday with its 35 days, the close of the month, and a backfill. */
    @Test
    void aReleasedDayIsGoodInEveryReRead() throws Exception {
        lab.offerF1();
        ArrayNode results =
                ProviderLab.file("f1-cost.json").withArray("/data/0/results").deepCopy();
        ((ObjectNode) results.get(0)).put("amount", "100001");
        lab.at(Instant.parse("2025-10-16T13:00:00Z"));
        lab.anthropic(ProviderLab.OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), ProviderLab.OCT_15, Optional.empty());
        lab.anthropicApi.cost(ProviderLab.OCT_15, results);
        lab.imports().importDay(Provider.ANTHROPIC, ProviderLab.OCT_15, true, "test", outcome -> {});
        for (String slot : new String[] {"2025-10-17", "2025-10-20", "2025-11-05"}) {
            lab.at(Instant.parse(slot + "T14:00:00Z"));
            assertThat(job().daily(Provider.ANTHROPIC)).isTrue();
            assertThat(
                            lab.database.text(
                                    "select concat_ws(' ', status, revision, last_checked_at::date)"
                                            + " from analytics.provider_import_day where dataset = 'cost' and usage_date = '2025-10-15'"))
                    .isEqualTo("ok 2 " + slot);
            assertThat(lab.imports().gaps(Provider.ANTHROPIC, Optional.empty())).isEmpty();
        }
        assertThat(lab.imports()
                        .backfill(
                                Provider.ANTHROPIC,
                                new ProviderImports.Range(ProviderLab.OCT_15, ProviderLab.OCT_16, true, false),
                                "test",
                                outcome -> {})
                        .complete())
                .isTrue();
        assertThat(lab.amount("select sum(amount_usd) from analytics.claude_costs"))
                .isEqualTo(new BigDecimal("1021.51"));
    }

    /** For installations that let something else keep the time. */
    @Test
    void aJobFromOutsideReadsWhatTheScheduleReads() throws Exception {
        lab.offerF1();
        lab.at(Instant.parse("2025-10-16T13:00:00Z"));
        assertThatThrownBy(() -> lab.imports().importDue(Provider.ANTHROPIC, "test", outcome -> {}))
                .isInstanceOf(Failure.Conflict.class);
        lab.anthropic(LocalDate.of(2025, 10, 10));
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), LocalDate.of(2025, 10, 10), Optional.empty());
        var summary = lab.imports().importDue(Provider.ANTHROPIC, "test", outcome -> {});
        assertThat(summary.complete()).isTrue();
        assertThat(summary.days())
                .as("three reports of yesterday, two days before it, and the two that are missing")
                .hasSize(15);
        assertThat(lab.imports().gaps(Provider.ANTHROPIC, Optional.empty())).isEmpty();
    }

    @Test
    void whatFailedIsTriedAgainWhenItMay() throws Exception {
        lab.offerF1();
        lab.at(Instant.parse("2025-10-16T13:00:00Z"));
        lab.anthropic(ProviderLab.OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), ProviderLab.OCT_15, Optional.empty());
        lab.anthropicApi.fail("cost_report", Fault.OVERLOADED, Fault.OVERLOADED, Fault.OVERLOADED, Fault.OVERLOADED);
        assertThat(job().daily(Provider.ANTHROPIC)).isTrue();
        ProviderMetrics metrics = metrics(registry);
        metrics.refresh();
        assertThat(days("failed_retryable")).isEqualTo(3);
        lab.at(Instant.parse("2025-10-16T13:10:00Z"));
        job().daily(Provider.ANTHROPIC);
        metrics.refresh();
        assertThat(days("failed_retryable")).isEqualTo(3);
        lab.at(Instant.parse("2025-10-16T13:31:00Z"));
        job().daily(Provider.ANTHROPIC);
        metrics.refresh();
        assertThat(days("failed_retryable")).isZero();
        assertThat(days("quarantined")).isZero();
        assertThat(days("ok") + days("ok_empty")).isEqualTo(9);
        assertThat(metrics.checkLaws()).isZero();
        lab.database.execute(
                "update analytics.claude_cost_allocated set amount_usd = amount_usd + 1 where share_no = 1");
        assertThat(metrics.checkLaws()).isPositive();
        assertThat(lab.database.text("select min(usage_date) from analytics.provider_import_day"))
                .isEqualTo(LocalDate.of(2025, 10, 13).toString());
    }
}
