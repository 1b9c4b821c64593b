package io.inference.analytics.bills;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.inference.analytics.provider.ProviderHttp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a line of OpenAI's bill names. */
class OpenAiLineItemIT {

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "gpt-5-2025-08-07, input; gpt-5-2025-08-07; input; ; ",
                "gpt-5-2025-08-07, cached input; gpt-5-2025-08-07; cache_read; ; ",
                "gpt-5.6, cache writes; gpt-5.6; cache_write; ; ",
                "priority | gpt-5.6, output, long context; gpt-5.6; output; priority; long context",
                "flex | gpt-5-mini, input; gpt-5-mini; input; flex; ",
                "gpt-audio-mini audio, input; gpt-audio-mini; audio input; ; ",
                "gpt-4o-realtime, audio input; gpt-4o-realtime; audio input; ; ",
                "gpt-image-2 text, cached input; gpt-image-2; text cache_read; ; ",
                "ft:gpt-4o:org::id, output; ft:gpt-4o:org::id; output; ; ",
                "web search tool calls; ; ; ; ",
                "assistants api | file search; ; ; ; ",
                "credit, gpt-5; ; ; ; ",
                "whisper-1, audio; ; ; ; ",
                "'gpt-5, input, of another kind'; ; ; ; "
            })
    void aLineItemNamesModelKindTierAndWindow(String item, String model, String kind, String tier, String window) {
        assertThat(lab.database.rows(
                        "select model, token_type, service_tier, context_window from analytics.openai_line_item('%s')"
                                .formatted(item)))
                .containsExactly(tuple(model, kind, tier, window));
    }

    @Test
    void aQuantityThatTheBillDoesNotStateIsNotZero() throws Exception {
        lab.openaiApi.results(
                "costs",
                OCT_15,
                ProviderHttp.JSON.readTree(
                        """
                        [{"amount": {"value": 1, "currency": "usd"}, "line_item": "a", "quantity": 1.50, "quantity_unit": "calls"},
                         {"amount": {"value": 1, "currency": "usd"}, "line_item": "b"},
                         {"amount": {"value": 1, "currency": "usd"}, "line_item": "c", "quantity": null}]
                        """));
        assertThat(lab.openai(OCT_15).complete()).isTrue();
        assertThat(lab.database.rows("select quantity, quantity_unit from analytics.openai_costs order by line_item"))
                .containsExactly(tuple(usd("1.5"), "calls"), tuple(null, null), tuple(null, null));
        lab.assertLawsHold(OCT_15);
    }

    /** Anthropic's default workspace may have been entered before its organisation was known. */
    @Test
    void chargesWithoutAProjectBelongToTheDefaultOfTheirOwnOrganisation() throws Exception {
        lab.openaiApi.results(
                "costs",
                OCT_15,
                ProviderHttp.JSON.readTree(
                        "[{\"amount\": {\"value\": 9, \"currency\": \"usd\"}, \"line_item\": \"fee\"}]"));
        assertThat(lab.openai(OCT_15).complete()).isTrue();
        String owner =
                "insert into analytics.provider_org_mapping values ('workspace', '(default)', '2025-01-01', gen_random_uuid(), 'test', now(), '%s')";
        String owned =
                "select count(*) from analytics.provider_org_costs where provider = 'openai' and org_id is not null";
        lab.database.execute(owner.formatted(""));
        assertThat(lab.database.number(owned)).isZero();
        lab.database.execute(owner.formatted("openai"));
        assertThat(lab.database.number(owned)).isOne();
    }
}
