package io.inference.analytics.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Billed needs the flag and the kind. */
class CursorChargeTest {

    private static JsonNode event(String kind, boolean chargeable) {
        return ProviderHttp.JSON.createObjectNode().put("kind", kind).put("isChargeable", chargeable);
    }

    @ParameterizedTest
    @CsvSource({
        "Usage-based, true, BILLED",
        "USAGE_EVENT_KIND_USAGE_BASED, true, BILLED",
        "On-Demand, true, BILLED",
        "User API Key, true, BILLED",
        "Usage-based, false, INCLUDED",
        "Included in Business, true, INCLUDED",
        "USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS, true, INCLUDED",
        "Included in Pro, false, INCLUDED",
        "'Errored, Not Charged', true, FREE",
        "'Errored, No Charge', false, FREE",
        "USAGE_EVENT_KIND_ABORTED_NOT_CHARGED, true, FREE",
        "Free, true, FREE",
        "A new kind, false, INCLUDED"
    })
    void theKindDecidesWithTheFlag(String kind, boolean chargeable, CursorCharge expected) throws Exception {
        assertThat(CursorCharge.checked(event(kind, chargeable))).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"A new kind", "USAGE_EVENT_KIND_UNSPECIFIED"})
    void anUnknownKindThatIsChargedIsAFault(String kind) {
        assertThatThrownBy(() -> CursorCharge.checked(event(kind, true)))
                .hasMessageStartingWith("kind: " + kind + " (expected: ");
    }
}
