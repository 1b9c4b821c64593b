package io.inference.analytics.providers;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.devtools.FakeProviders.Fault;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Optional;
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
        return new ProviderMetrics(lab.ledger(), lab.clients(), lab.dataSource(), lab.clock(), into);
    }

    private ProviderJob job() {
        return new ProviderJob(
                lab.config(),
                lab.imports(),
                lab.clients(),
                lab.ledger(),
                metrics(new SimpleMeterRegistry()),
                lab.dataSource(),
                lab.clock());
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
        lab.validation().validate(Provider.ANTHROPIC, ProviderLab.OCT_15, Optional.empty());
        assertThat(job().daily(Provider.ANTHROPIC)).isTrue();
        assertThat(job().daily(Provider.ANTHROPIC))
                .as("another replica, the same slot")
                .isFalse();
        lab.at(Instant.parse("2025-10-25T13:00:00Z"));
        assertThat(job().daily(Provider.ANTHROPIC)).isTrue();
        assertThat(lab.imports().gaps(Provider.ANTHROPIC, null)).isEmpty();
        assertThat(lab.database.number(
                        "select count(*) from analytics.provider_daily_slot where finished_at is not null"))
                .isEqualTo(2);
        assertThat(lab.database.number("select max(revision) from analytics.provider_import_day"))
                .isEqualTo(1);
    }

    @Test
    void whatFailedIsTriedAgainWhenItMay() throws Exception {
        lab.offerF1();
        lab.at(Instant.parse("2025-10-16T13:00:00Z"));
        lab.anthropic(ProviderLab.OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, ProviderLab.OCT_15, Optional.empty());
        lab.fake.fail("cost_report", Fault.OVERLOADED, Fault.OVERLOADED, Fault.OVERLOADED, Fault.OVERLOADED);
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
