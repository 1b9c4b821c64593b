package io.inference.analytics.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a caller reads when a body is wrong. */
class JsonBodyTest {

    private static JsonBody body(String text) {
        return JsonBody.parse(text.getBytes(StandardCharsets.UTF_8), "{\"name\": …}");
    }

    /** Reads a body with a name, a flag, ids and a range, as a resource would. */
    private static void read(String text) {
        JsonBody body = body(text);
        body.required("name", "a name", name -> name);
        body.flag("all");
        body.texts("ids", "UUIDs");
        body.object("range").ifPresent(range -> range.optional("start", ParameterValues::time));
        body.finish();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "null", "7", "\"a\""})
    void aBodyIsOneObject(String text) {
        assertThatThrownBy(() -> body(text))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessage("The body is empty or not a JSON object (expected: {\"name\": …}).");
    }

    @Test
    void aMissingBodyIsEmpty() {
        assertThatThrownBy(() -> JsonBody.parse(null, "{}")).hasMessageStartingWith("The body is empty");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "{\"a\":1,\"a\":2}", "{} {}", "{\"a\":{\"b\":1,\"b\":2}}"})
    void aBodyIsSoundJson(String text) {
        assertThatThrownBy(() -> body(text))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageStartingWith("The body is not JSON: ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            {}                                   | name: missing (expected: a name)
            {"name":null}                        | name: missing (expected: a name)
            {"name":7}                           | name: not a string (expected: a string)
            {"name":"a","all":"yes"}             | all: not a boolean (expected: true or false)
            {"name":"a","ids":"x"}               | ids: not a list of UUIDs (expected: an array of UUIDs)
            {"name":"a","ids":["x",1]}           | ids: not a list of UUIDs (expected: an array of UUIDs)
            {"name":"a","ids":{"b":"x"}}         | ids: not a list of UUIDs (expected: an array of UUIDs)
            {"name":"a","range":[]}              | range: not an object (expected: {…})
            {"name":"a","range":{"start":"now"}} | range.start: not a time (expected: RFC 3339 with an offset, such as 2026-01-31T00:00:00Z)
            {"name":"a","range":{"end":"x"}}     | range.end: unknown field (expected one of: start)
            {"name":"a","more":null}             | more: unknown field (expected one of: all, ids, name, range)
            """)
    void aFaultNamesItsField(String text, String message) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(Failure.Invalid.class).hasMessage(message);
    }

    @Test
    void allFaultsAreReported() {
        assertThatThrownBy(() -> read("{\"all\":1,\"ids\":2,\"range\":{\"start\":3,\"x\":4},\"y\":5}"))
                .isInstanceOfSatisfying(Failure.Invalid.class, e -> assertThat(e.errors())
                        .extracting(FieldError::field)
                        .containsExactly("y", "range.x", "name", "all", "ids", "range.start"));
    }

    @Test
    void soundFieldsAreRead() {
        JsonBody body = body("{\"b\":\"x\",\"a\":true,\"c\":[\"1\",\"2\"],\"d\":null}");
        assertThat(body.names()).containsExactly("b", "a", "c", "d");
        assertThat(body.optional("b", text -> text)).contains("x");
        assertThat(body.flag("a")).contains(true);
        assertThat(body.flag("d")).isEmpty();
        assertThat(body.texts("c", "numbers")).containsExactly("1", "2");
        assertThat(body.texts("d", "numbers")).isEmpty();
        body.finish();
    }
}
