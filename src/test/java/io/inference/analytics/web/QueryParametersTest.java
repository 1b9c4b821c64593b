package io.inference.analytics.web;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.inference.analytics.platform.Failure;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a caller reads when parameters are wrong. */
class QueryParametersTest {

    private static void finish(Map<String, List<String>> given) {
        QueryParameters parameters = QueryParameters.of(given);
        parameters.optional("limit", text -> {
            throw new QueryParameters.Fault("not a limit (expected: 1 to 200)");
        });
        parameters.optional("cursor", text -> text);
        parameters.finish();
    }

    @Test
    void theDetailNamesTheParameter() {
        assertThatThrownBy(() -> finish(Map.of("foo", List.of("1"))))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessage("foo: unknown parameter (expected one of: cursor, limit)");
    }

    @Test
    void theDetailNamesEveryFault() {
        assertThatThrownBy(() -> finish(Map.of("limit", List.of("x"), "cursor", List.of("a", "b"))))
                .hasMessage(
                        "2 faults: limit: not a limit (expected: 1 to 200); cursor: given 2 times (expected: once)");
    }

    @Test
    void theDetailStaysShort() {
        assertThatThrownBy(() -> finish(Map.of("a", List.of(""), "b", List.of(""), "c", List.of(""), "d", List.of(""))))
                .hasMessageStartingWith("4 faults: ")
                .hasMessageEndingWith("; and 1 more");
    }
}
