package io.inference.analytics.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A field that decides about money is exact, or it is a fault that names the field and what it holds. */
class JsonFieldsTest {

    private static JsonNode item(String value) throws JsonProcessingException {
        return ProviderHttp.JSON.readTree("{\"amount\":" + value + "}");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '\'',
            value = {
                "\"1E-7\", 0.0000001",
                "\"1.2e3\", 1200",
                "\"+12.5\", 12.5",
                "\" 12.5 \", 12.5",
                "\"-120.5\", -120.5",
                "\"0.00000000000000000000000000000012\", 0.00000000000000000000000000000012",
                "1.7763568394002505e-15, 0.0000000000000017763568394002505",
                "21.362320000000003, 21.362320000000003",
                "1e2, 100",
                "0e999, 0",
                "12345678901234567890, 12345678901234567890"
            })
    void aNumberIsExactHoweverItIsWritten(String json, BigDecimal expected) throws Exception {
        assertThat(JsonFields.requiredDecimal(item(json), "amount")).isEqualByComparingTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "\"\"",
                "\"twelve\"",
                "true",
                "[1]",
                "{\"usd\":1}",
                "\"1,5\"",
                "\"0x1F\"",
                "\"NaN\"",
                "1e21",
                "1e999999999",
                "\"1e9999\"",
                "123456789012345678901234567890123456789012345678901234567890"
            })
    void whatIsNoNumberIsAFaultAndNeverZero(String json) throws Exception {
        JsonNode item = item(json);
        String shown = item.path("amount").toString();
        assertThatThrownBy(() -> JsonFields.requiredDecimal(item, "amount"))
                .isInstanceOf(ProviderTrouble.class)
                .hasMessageContaining("amount: " + shown.substring(0, Math.min(20, shown.length())))
                .hasMessageContaining("expected: a decimal");
    }

    @Test
    void aLongValueIsNamedInPart() throws Exception {
        JsonNode item = item("\"" + "9".repeat(100_000) + "\"");
        assertThatThrownBy(() -> JsonFields.requiredDecimal(item, "amount"))
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200));
    }

    @Test
    void aMissingFieldIsNamed() {
        JsonNode empty = ProviderHttp.JSON.createObjectNode();
        assertThatThrownBy(() -> JsonFields.requiredDecimal(empty, "chargedCents"))
                .hasMessage("chargedCents: missing (expected: a decimal)");
        assertThatThrownBy(() -> JsonFields.requiredFlag(empty, "isChargeable"))
                .hasMessage("isChargeable: missing (expected: true or false)");
        assertThatThrownBy(() -> JsonFields.requiredText(empty, "kind")).hasMessage("kind: missing (expected: a text)");
        assertThatThrownBy(() -> JsonFields.requiredCount(empty, "output_tokens"))
                .hasMessage("output_tokens: missing (expected: a decimal)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "\"yes\"", "1", "\"true\""})
    void aFlagIsTrueOrFalseAndNothingElse(String json) throws Exception {
        JsonNode item = item(json);
        assertThatThrownBy(() -> JsonFields.requiredFlag(item, "amount"))
                .hasMessage("amount: %s (expected: true or false)".formatted(json));
    }
}
