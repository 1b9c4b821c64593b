package io.inference.analytics.bills;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.OCT_16;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.devtools.FakeCursor;
import io.inference.analytics.devtools.FakeServer;
import io.inference.analytics.devtools.Fault;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Answers that are none, of Cursor and OpenAI: each day gets a clear status, and days of other answers are stored. */
class ProviderFaultsIT {

    private static final int TRIES = 5;

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    @BeforeEach
    void noSpend() {
        ObjectNode spend = (ObjectNode) ProviderLab.file("cursor-spend.json");
        spend.withArray("teamMemberSpend").removeAll();
        lab.cursorApi.spend(spend);
    }

    /** An event of Alice on 15 October, or later. */
    private static ObjectNode event(int cents, int second) {
        ObjectNode event = (ObjectNode)
                ProviderLab.file("cursor-events.json").withArray("usageEvents").get(0);
        return event.put("chargedCents", cents).put("timestamp", Long.toString(1_760_522_400_000L + second * 1000L));
    }

    private static ArrayNode list(ObjectNode... items) {
        return ProviderHttp.JSON.createArrayNode().addAll(List.of(items));
    }

    private static ArrayNode costs() {
        return (ArrayNode) ProviderLab.file("openai-costs.json");
    }

    private static boolean complete(Provider provider, LocalDate... days) throws InterruptedException {
        return lab.imports()
                .retry(provider, new TreeSet<>(List.of(days)), "test", outcome -> {})
                .complete();
    }

    @ParameterizedTest
    @CsvSource({
        "CURSOR, HTML, failed_retryable, broken_json",
        "CURSOR, BROKEN_JSON, failed_retryable, broken_json",
        "CURSOR, CUT, failed_retryable, connection",
        "CURSOR, GZIP, failed_retryable, broken_json",
        "CURSOR, DOUBLED_FIELD, failed_retryable, broken_json",
        "CURSOR, HUGE, failed_permanent, too_large",
        "CURSOR, REDIRECT, failed_permanent, invalid_request_error",
        "OPENAI, HTML, failed_retryable, broken_json",
        "OPENAI, BROKEN_JSON, failed_retryable, broken_json",
        "OPENAI, CUT, failed_retryable, connection",
        "OPENAI, GZIP, failed_retryable, broken_json",
        "OPENAI, DOUBLED_FIELD, failed_retryable, broken_json",
        "OPENAI, HUGE, failed_permanent, too_large",
        "OPENAI, REDIRECT, failed_permanent, invalid_request_error"
    })
    void anAnswerThatIsNoneIsAClearStatus(Provider provider, Fault fault, String status, String code) throws Exception {
        FakeServer api = provider == Provider.CURSOR ? lab.cursorApi : lab.openaiApi;
        String path = provider == Provider.CURSOR ? "filtered-usage-events" : "costs";
        String dataset = provider == Provider.CURSOR ? "events" : "cost";
        String other = provider == Provider.CURSOR ? "daily_usage" : "usage";
        lab.cursorApi.events(list(event(10, 0)));
        lab.openaiApi.results("costs", OCT_15, costs());
        int failures = status.equals("failed_permanent") ? 1 : TRIES;
        api.fail(path, Collections.nCopies(failures, fault).toArray(Fault[]::new));
        assertThat(complete(provider, OCT_15)).isFalse();
        assertThat(lab.day(dataset, OCT_15)).isEqualTo(tuple(status, code, 0L));
        assertThat(lab.day(other, OCT_15).toList().get(0).toString()).startsWith("ok");
        assertThat(api.requests("elsewhere")).as("the key is not carried").isEmpty();
        assertThat(complete(provider, OCT_15)).as("the next answer is whole").isTrue();
    }

    /** An event without a time that can be read could be of any day that was asked for; none of them is taken as whole. */
    @ParameterizedTest
    @CsvSource({"-62135596800000", "2025-10-15T10:00:00+02:00", "yesterday", "1760522400.5", "''"})
    void anEventOfNoTimeKeepsTheDaysOfItsCallOut(String time) throws Exception {
        lab.cursorApi.events(list(event(10, 0)));
        assertThat(complete(Provider.CURSOR, OCT_15)).isTrue();
        lab.cursorApi.distort(page -> ((ObjectNode) page.at("/usageEvents/0")).put("timestamp", time));
        assertThat(complete(Provider.CURSOR, OCT_15)).isFalse();
        assertThat(lab.day("events", OCT_15)).isEqualTo(tuple("failed_permanent", "broken_field", 1L));
        assertThat(lab.sum("analytics.cursor_daily_cost", "amount_usd", "true")).isEqualTo(usd("0.1"));
    }

    /** 60 digits before the point are no amount of a bill; 60 behind it are exact. */
    @ParameterizedTest
    @EnumSource(
            value = Provider.class,
            names = {"CURSOR", "OPENAI"})
    void anAmountOfSixtyDigitsKeepsItsDayOut(Provider provider) throws Exception {
        String digits = "1".repeat(60);
        offer(provider, new BigDecimal(digits));
        assertThat(complete(provider, OCT_15, OCT_16)).isFalse();
        String dataset = provider == Provider.CURSOR ? "events" : "cost";
        assertThat(lab.day(dataset, OCT_15).toList()).startsWith("quarantined");
        assertThat(lab.day(dataset, OCT_16).toList()).startsWith("ok");
        offer(provider, new BigDecimal("1." + digits));
        assertThat(complete(provider, OCT_15)).isTrue();
        BigDecimal dollars = provider == Provider.CURSOR ? usd("0.01" + digits) : usd("1." + digits);
        assertThat(lab.sum("analytics.vw_combined_daily_costs", "amount_usd", "cost_date = '2025-10-15'"))
                .isEqualTo(dollars.stripTrailingZeros());
    }

    /** Of 15 October, and another amount of the day after. */
    private void offer(Provider provider, BigDecimal amount) {
        if (provider == Provider.CURSOR) {
            lab.cursorApi.close();
            lab.cursorApi = FakeCursor.started();
            noSpend();
            lab.set("cursor-url", lab.cursorApi.url());
            lab.cursorApi.events(list(event(0, 0).put("chargedCents", amount), event(7, 86_400)));
            return;
        }
        ObjectNode line = ProviderHttp.JSON.createObjectNode().put("line_item", "gpt-5, input");
        line.putObject("amount").put("value", amount).put("currency", "usd");
        lab.openaiApi.results("costs", OCT_15, list(line));
        lab.openaiApi.results("costs", OCT_16, costs());
    }

    /** Of three days in one call the second has more rows than memory has room for: each is read alone, and only that one waits. */
    @Test
    void aDayOfTooManyRowsKeepsNoOtherOut() throws Exception {
        lab.set("call-rows", "10");
        LocalDate third = OCT_16.plusDays(1);
        ObjectNode[] events = new ObjectNode[24];
        for (int i = 0; i < events.length; i++) {
            int day = i < 4 ? 0 : i < 15 ? 1 : 2;
            events[i] = event(1, 86_400 * day + i);
        }
        lab.cursorApi.events(list(events));
        assertThat(complete(Provider.CURSOR, OCT_15, OCT_16, third)).isFalse();
        assertThat(lab.day("events", OCT_15)).isEqualTo(tuple("ok", null, 1L));
        assertThat(lab.day("events", OCT_16)).isEqualTo(tuple("failed_permanent", "too_large", 0L));
        assertThat(lab.day("events", third)).isEqualTo(tuple("ok", null, 1L));
        assertThat(lab.database.text("select last_error_text from analytics.provider_import_day"
                        + " where dataset = 'events' and usage_date = '2025-10-16'"))
                .contains("analytics.providers.call-rows");
        lab.set("call-rows", "11");
        assertThat(complete(Provider.CURSOR, OCT_16)).isTrue();
        assertThat(lab.sum("analytics.cursor_daily_cost", "amount_usd", "true")).isEqualTo(usd("0.24"));
    }

    /** One answer about several days may be too large where an answer about one is not. */
    @Test
    void anAnswerThatIsTooLargeIsAskedForDayByDay() throws Exception {
        lab.offerF1();
        lab.anthropicApi.cost(OCT_16, ProviderLab.f1("123"));
        lab.anthropicApi.fail("cost_report", Fault.HUGE);
        assertThat(complete(Provider.ANTHROPIC, OCT_15, OCT_16)).isTrue();
        assertThat(lab.day("cost", OCT_15)).isEqualTo(tuple("ok", null, 1L));
        assertThat(lab.day("cost", OCT_16)).isEqualTo(tuple("ok", null, 1L));
        assertThat(lab.anthropicApi.requests("cost_report")).hasSize(3);
    }
}
