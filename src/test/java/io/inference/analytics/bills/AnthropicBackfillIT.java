package io.inference.analytics.bills;

import static io.inference.analytics.bills.ProviderLab.FIRST_DAY;
import static io.inference.analytics.bills.ProviderLab.LAWS_OF_A_BILLED_DAY;
import static io.inference.analytics.bills.ProviderLab.LAWS_OF_A_DAY;
import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.inference.analytics.devtools.Fault;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The past of a company, from its first bill to the day before yesterday. */
class AnthropicBackfillIT {

    private static final LocalDate LAST_DAY = LocalDate.of(2025, 10, 18);
    private static final int DAYS = 291;

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    private final List<DayOutcome> progress = new ArrayList<>();

    private ProviderImports.Summary backfill() throws InterruptedException {
        return lab.imports()
                .backfill(
                        Provider.ANTHROPIC,
                        new ProviderImports.Range(FIRST_DAY, LAST_DAY, false, false),
                        "test",
                        progress::add);
    }

    private static List<ProviderValidation.Checkpoint> validated(String expectedTotal) {
        return lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.of(usd(expectedTotal)));
    }

    @Test
    void noPastIsImportedBeforeADayIsValidated() throws Exception {
        lab.offerF1();
        assertThatThrownBy(this::backfill).isInstanceOf(Failure.Conflict.class).hasMessageContaining("validate");
        lab.anthropic(OCT_15);
        assertThat(validated("22.80")).anyMatch(checkpoint -> !checkpoint.passed());
        assertThat(validated("22.72")).hasSize(6).allMatch(ProviderValidation.Checkpoint::passed);
    }

    /** The slot of the fifth was missed, and nothing of October is missing. */
    @Test
    void aMonthIsClosedLaterWhenItsSlotWasMissed() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        validated("22.72");
        Instant sixth = Instant.parse("2025-11-06T15:00:00Z");
        lab.at(sixth);
        lab.anthropicApi.cost(OCT_15, ProviderLab.f1("123"));
        lab.imports().importDue(Provider.ANTHROPIC, "test", progress::add);
        assertThat(lab.day("cost", OCT_15)).isEqualTo(tuple("ok", null, 2L));
        lab.at(sixth.plusSeconds(3_600));
        progress.clear();
        lab.imports().importDue(Provider.ANTHROPIC, "test", progress::add);
        assertThat(progress).extracting(DayOutcome::date).doesNotContain(OCT_15);
    }

    @Test
    void aDayThatWasReadBeforeItsEndIsAGap() throws Exception {
        lab.offerF1();
        lab.at(Instant.parse("2025-10-15T12:00:00Z"));
        lab.anthropic(OCT_15);
        validated("22.72");
        lab.at(ProviderLab.NOW);
        assertThat(lab.imports().gaps(Provider.ANTHROPIC, Optional.of(OCT_15))).contains(OCT_15 + "\tcost\tpartial");
        ProviderImports.Range since = new ProviderImports.Range(OCT_15, LAST_DAY, false, false);
        assertThat(lab.imports()
                        .backfill(Provider.ANTHROPIC, since, "test", progress::add)
                        .days())
                .extracting(DayOutcome::date)
                .contains(OCT_15);
        assertThat(lab.imports().gaps(Provider.ANTHROPIC, Optional.of(OCT_15))).isEmpty();
    }

    @Test
    void aBackfillOf291DaysEndsCompleteInFewCalls() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        validated("22.72");
        int failing = 0;
        for (LocalDate day = FIRST_DAY; day.isBefore(LAST_DAY); day = day.plusDays(20)) {
            lab.anthropicApi.failDate("claude_code", day, Fault.FORBIDDEN);
            failing++;
        }
        lab.anthropicApi.requests().clear();
        var summary = backfill();
        assertThat(lab.anthropicApi.requests()).hasSizeLessThanOrEqualTo(311);
        assertThat(progress).as("three reports; those of the 15th are there").hasSize(3 * DAYS - 3);
        assertThat(summary.days().stream().filter(day -> !day.status().good())).hasSize(failing);
        assertThat(lab.imports().gaps(Provider.ANTHROPIC, Optional.empty())).hasSize(failing);
        assertThat(lab.imports()
                        .retry(Provider.ANTHROPIC, new TreeSet<>(), "test", outcome -> {})
                        .days())
                .hasSize(failing);
        assertThat(lab.imports().gaps(Provider.ANTHROPIC, Optional.empty())).isEmpty();
        assertThat(
                        lab.database.rows(
                                """
                                select count(*), count(*) filter (where l.expected is distinct from l.found),
                                       sum(l.found) filter (where l.name = 'bill = fact')
                                from generate_series(date '2025-01-01', '2025-10-18', '1 day') d
                                cross join lateral analytics.provider_invariants(d::date) l
                                """))
                .as("none of the laws is broken")
                .containsExactly(tuple((long) LAWS_OF_A_BILLED_DAY + (DAYS - 1) * LAWS_OF_A_DAY, 0L, usd("22.72")));
        lab.anthropicApi.requests().clear();
        assertThat(backfill().days()).isEmpty();
        assertThat(lab.anthropicApi.requests())
                .as("nothing but whose key it is")
                .hasSize(1);
    }
}
