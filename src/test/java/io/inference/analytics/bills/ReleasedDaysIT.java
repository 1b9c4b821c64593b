package io.inference.analytics.bills;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.OCT_16;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What {@code --release} covers, and for how long. */
class ReleasedDaysIT {

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    private static String ledger() {
        return lab.database.text("select concat_ws(' ', status, last_error_code, revision)"
                + " from analytics.provider_import_day where dataset = 'cost' and usage_date = '2025-10-15'");
    }

    /** A release is for one content of one day: it survives what comes in between, and covers nothing else. */
    @Test
    void aReleasedDayStaysReleasedUntilItSaysSomethingElse() throws Exception {
        lab.offerF1();
        ArrayNode results =
                ProviderLab.file("f1-cost.json").withArray("/data/0/results").deepCopy();
        ObjectNode first = (ObjectNode) results.get(0);
        String[][] days = {
            {"100001", "release", "ok 1", "1021.51"},
            {"100001", "", "ok 1", "1021.51"},
            {"100002", "", "quarantined row_too_large 1", "1021.51"},
            {"122", "", "ok 2", "22.72"},
            {"100001", "", "ok 3", "1021.51"},
            {"100002", "release", "ok 4", "1021.52"},
            {"-1", "", "ok 5", "21.49"},
            {"-2151", "", "quarantined day_negative 5", "21.49"},
            {"-2151", "release", "ok 6", "-0.01"},
            {"-2151", "", "ok 6", "-0.01"}
        };
        for (String[] day : days) {
            first.put("amount", day[0]);
            lab.anthropicApi.cost(OCT_15, results.deepCopy());
            boolean good = lab.imports()
                    .importDay(Provider.ANTHROPIC, OCT_15, day[1].equals("release"), "test", outcome -> {})
                    .complete();
            assertThat(good).as(String.join(" ", day)).isEqualTo(day[2].startsWith("ok"));
            assertThat(ledger()).as(String.join(" ", day)).isEqualTo(day[2]);
            assertThat(lab.amount("select sum(amount_usd) from analytics.claude_costs"))
                    .as(String.join(" ", day))
                    .isEqualTo(new BigDecimal(day[3]));
            assertThat(lab.imports().gaps(Provider.ANTHROPIC, Optional.of(OCT_15)).stream()
                            .anyMatch(gap -> gap.startsWith(OCT_15 + "\tcost")))
                    .as(String.join(" ", day))
                    .isEqualTo(!good);
        }
    }

    /** A company whose days are all above the limits can begin, too. */
    @Test
    void aReleasedDayPassesValidation() throws Exception {
        lab.offerF1();
        lab.set("row-max-usd", "3");
        lab.imports().importDay(Provider.ANTHROPIC, OCT_15, true, "test", outcome -> {});
        assertThat(lab.validation()
                        .validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.of(new BigDecimal("22.72"))))
                .allMatch(ProviderValidation.Checkpoint::passed);
        assertThat(lab.imports()
                        .backfill(
                                Provider.ANTHROPIC,
                                new ProviderImports.Range(OCT_15, OCT_16, false, false),
                                "test",
                                outcome -> {})
                        .complete())
                .isTrue();
    }

    /** What is stored was taken once: a limit that is lowered later is for what comes next. */
    @Test
    void aStoredDayIsNotAskedForAgainWhenALimitIsLowered() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.set("day-max-usd", "20");
        assertThat(lab.anthropic(OCT_15).complete()).isTrue();
        lab.anthropicApi.cost(OCT_16, ProviderLab.file("f1-cost.json").at("/data/0/results"));
        assertThat(lab.anthropic(OCT_16).complete()).isFalse();
    }

    /** An empty day says nothing that could be remembered: the next time its rows vanish, somebody is asked again. */
    @Test
    void anEmptyDayIsTakenOnceAndAskedForWhenItsRowsVanishAgain() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.anthropicApi.cost(OCT_15, ProviderHttp.JSON.createArrayNode());
        lab.imports().importDay(Provider.ANTHROPIC, OCT_15, true, "test", outcome -> {});
        lab.anthropic(OCT_15);
        assertThat(ledger()).isEqualTo("ok_empty 2");
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.anthropicApi.cost(OCT_15, ProviderHttp.JSON.createArrayNode());
        lab.anthropic(OCT_15);
        assertThat(ledger()).isEqualTo("suspect_empty suspect_empty 3");
    }

    /** A person put a limit up, or the provider its answer right: then the day need not wait for the next morning. */
    @Test
    void aDayInQuarantineIsAmongThoseThatFailed() throws Exception {
        lab.offerF1();
        lab.set("day-max-usd", "20");
        assertThat(lab.anthropic(OCT_15).complete()).isFalse();
        TreeSet<LocalDate> allThatFailed = new TreeSet<>();
        assertThat(lab.imports()
                        .retry(Provider.ANTHROPIC, allThatFailed, "test", outcome -> {})
                        .days())
                .singleElement()
                .satisfies(day -> assertThat(day.status()).isEqualTo(ImportStatus.QUARANTINED));
        lab.set("day-max-usd", "30");
        assertThat(lab.imports()
                        .retry(Provider.ANTHROPIC, allThatFailed, "test", outcome -> {})
                        .complete())
                .isTrue();
        assertThat(ledger()).isEqualTo("ok 1");
    }
}
