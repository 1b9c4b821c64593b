package io.inference.analytics.bills;

import static io.inference.analytics.bills.ProviderLab.NOW;
import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import java.math.BigDecimal;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Days that cannot be right, where their limits are, and which sums pass a validation. */
class SuspectDaysIT {

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    @ParameterizedTest
    @CsvSource({"100001, USD, row_too_large", "-2151, USD, day_negative", "1, EUR, currency"})
    void aDayThatCannotBeRightKeepsTheOldOne(String cents, String currency, String code) throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        ArrayNode odd = ProviderLab.f1(cents);
        ((ObjectNode) odd.get(0)).put("currency", currency);
        lab.anthropicApi.cost(OCT_15, odd);
        lab.anthropic(OCT_15);
        assertThat(lab.day("cost", OCT_15)).isEqualTo(tuple("quarantined", code, 1L));
        assertThat(lab.billed()).isEqualTo(usd("22.72"));
    }

    @Test
    void aPersonReleasesALargeDay() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.anthropicApi.cost(OCT_15, ProviderLab.f1("100001"));
        lab.anthropic(OCT_15);
        lab.imports().importDay(Provider.ANTHROPIC, OCT_15, true, "test", outcome -> {});
        assertThat(lab.billed()).isEqualTo(usd("1021.51"));
        assertThat(lab.anthropic(OCT_15).complete())
                .as("the same content is released")
                .isTrue();
        assertThat(lab.database.rows("select dataset, released_by, released_at from analytics.provider_released_day"))
                .containsExactly(tuple("cost", "test", NOW));
    }

    /** 1,000 USD for a row and for a day, to eleven digits after the point. */
    @ParameterizedTest
    @CsvSource({
        "100000, 0, ok,",
        "100000.000000001, 0, quarantined, row_too_large",
        "99999.999999999, 0.000000001, ok,",
        "99999.999999999, 0.000000002, quarantined, day_too_large"
    })
    void aRowAndADayOfExactlyTheirLimitsAreTaken(String row, String other, String status, String code)
            throws Exception {
        ObjectNode first = (ObjectNode) ProviderLab.f1().get(0);
        ArrayNode results = ProviderHttp.JSON.createArrayNode();
        results.add(first.deepCopy().put("amount", row));
        results.add(first.deepCopy().put("model", "other").put("amount", other));
        lab.anthropicApi.cost(OCT_15, results);
        lab.anthropic(OCT_15);
        assertThat(lab.day("cost", OCT_15).toList()).startsWith(status, code);
        if (status.equals("ok")) {
            assertThat(lab.billed()).isEqualTo(usd("1000"));
            assertThat(passes("1000", 5)).as("the largest row").isTrue();
        } else {
            assertThat(lab.billed()).isZero();
        }
    }

    /** Of 22.72 a cent is allowed, of 200 a ten-thousandth of what is expected. */
    @ParameterizedTest
    @CsvSource({
        "22.72, 22.73, true",
        "22.72, 22.71, true",
        "22.72, 22.72999999, true",
        "22.72, 22.73000001, false",
        "22.72, 22.70999999, false",
        "22.72, 0, false",
        "200, 200.02000200, true",
        "200, 200.02000201, false",
        "200, 199.98000200, true",
        "200, 199.98000199, false"
    })
    void theToleranceOfAValidationEndsWhereItSays(BigDecimal billed, String expected, boolean passes) throws Exception {
        ObjectNode item = (ObjectNode)
                ProviderLab.f1(billed.movePointRight(2).toPlainString()).get(0);
        lab.anthropicApi.cost(OCT_15, ProviderHttp.JSON.createArrayNode().add(item));
        lab.anthropic(OCT_15);
        assertThat(passes(expected, 1)).isEqualTo(passes);
    }

    /** The checkpoints are the import and the five of the sheet. */
    private static boolean passes(String expectedTotal, int number) {
        var checkpoint = lab.validation()
                .validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.of(usd(expectedTotal)))
                .get(number);
        assertThat(checkpoint.name()).startsWith(Integer.toString(number));
        return checkpoint.passed();
    }
}
