package io.inference.analytics.tables;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The texts of a Java source, as the compiler reads them. */
class JavaTextsTest {

    static Stream<Arguments> sources() {
        return Stream.of(
                Arguments.of("f(\"a\", \"b\")", List.of("a", "b")),
                Arguments.of("\"select \" + \"1\"", List.of("select 1")),
                Arguments.of("\"delete from \" + TABLE + \" t\"", List.of("delete from \u00a7 t")),
                Arguments.of("\"delete from \" + table(\"x\") + \" t\"", List.of("x", "delete from \u00a7 t")),
                Arguments.of("\"a\" + Key.LOCK.key(1) + \")\";", List.of("a\u00a7)")),
                Arguments.of("HEAD + \" from x\"", List.of("\u00a7 from x")),
                Arguments.of("\"a\" /* \"no\" */ + \"b\" // \"no\"", List.of("ab")),
                Arguments.of("'\"' + \"a\"", List.of("\u00a7a")),
                Arguments.of("\"\"\"\n  select \\\"1\\\"\n\"\"\"", List.of("\n  select \"1\"\n")));
    }

    @ParameterizedTest
    @MethodSource("sources")
    void textsAreRead(String source, List<String> texts) {
        assertThat(JavaTexts.of(source)).isEqualTo(texts);
    }
}
