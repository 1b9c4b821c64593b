package io.inference.analytics.export;

import static org.assertj.core.api.Assertions.assertThat;

import com.opencsv.CSVWriterBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class CsvLinesLawsTest {

    @Provide
    Arbitrary<String> cells() {
        return Arbitraries.strings()
                .withChars("a1,\"'\n\r\\;\t=é模")
                .ofMaxLength(6)
                .map(text -> text.replace("é", "é😀"))
                .injectNull(0.1);
    }

    @Property(tries = 500)
    void shortcutsChangeNothing(@ForAll("lines") String[][] lines) throws IOException {
        ByteArrayOutputStream ours = new ByteArrayOutputStream();
        CsvLines csv = new CsvLines(ours, CsvForm.DEFAULT);
        StringWriter theirs = new StringWriter();
        var reference = new CSVWriterBuilder(theirs).withLineEnd("\r\n").build();
        for (String[] line : lines) {
            csv.write(line);
            reference.writeNext(line, false);
        }
        csv.flush();
        assertThat(ours.toString(StandardCharsets.UTF_8)).isEqualTo(theirs.toString());
    }

    @Provide
    Arbitrary<String[][]> lines() {
        return cells().array(String[].class)
                .ofMinSize(1)
                .ofMaxSize(4)
                .array(String[][].class)
                .ofMaxSize(5);
    }

    @Example
    void linesLongerThanTheBufferKeepTheirPlace() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CsvLines csv = new CsvLines(out, CsvForm.DEFAULT);
        String large = "x".repeat(100_000);
        csv.write(new String[] {"a", null});
        csv.write(new String[] {large, "b"});
        csv.write(new String[] {"c", ""});
        csv.flush();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("a,\r\n" + large + ",b\r\nc,\r\n");
    }
}
