package io.inference.analytics.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CsvFormTest {

    private static final CsvForm GERMAN = new CsvForm(";", ",", true, true);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "00123      | 00123   | =\"00123\"",
                "12E5       | 12E5    | =\"12E5\"",
                "1-2        | 1-2     | =\"1-2\"",
                "Acme \"X\" | Acme \"X\" | =\"Acme \"\"X\"\"\"",
                "=1+1       | '=1+1   | =\"=1+1\"",
            })
    void aNameIsATextInASpreadsheet(String name, String byDefault, String asText) {
        assertThat(CsvForm.DEFAULT.name(name)).isEqualTo(byDefault);
        assertThat(GERMAN.name(name)).isEqualTo(asText);
    }

    @Test
    void aNameTooLongForAFormulaIsHarmless() {
        assertThat(GERMAN.name("=" + "x".repeat(255))).isEqualTo("'=" + "x".repeat(255));
    }

    @Test
    void aLineHasTheDelimiterAndTheMark() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CsvLines csv = new CsvLines(out, GERMAN);
        csv.write(new String[] {GERMAN.name("00123"), GERMAN.amount("1.234"), GERMAN.amount(null), "a;b", "a,b"});
        csv.flush();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("\uFEFF\"=\"\"00123\"\"\";1,234;;\"a;b\";a,b\r\n");
    }

    @Test
    void theDefaultIsNotStored() {
        assertThat(CsvForm.DEFAULT.stored()).isEmpty();
        assertThat(CsvForm.ofStored(GERMAN.stored().orElseThrow())).isEqualTo(GERMAN);
    }
}
