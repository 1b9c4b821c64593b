package io.inference.analytics.export;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.inference.analytics.platform.Csv;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * How a file of format csv is written. A spreadsheet that opens a file reads it by the rules of its
 * language: a German one takes 1.234 for one thousand, and any takes the name 00123 for a number.
 *
 * @param decimalMark of the amounts; the other figures are integers
 * @param textNames whether names are formulas that give a text, which no spreadsheet takes for a number
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "ExportCsv", description = "How a file of format csv is written")
record CsvForm(
        @Schema(
                        enumeration = {",", ";", "\t"},
                        defaultValue = ",",
                        description = "Between two cells")
                String delimiter,
        @Schema(
                        enumeration = {".", ","},
                        defaultValue = ".",
                        description = "Of the amounts")
                String decimalMark,
        @Schema(defaultValue = "false", description = "Whether the file begins with the byte order mark of UTF-8")
                boolean bom,
        @Schema(
                        defaultValue = "false",
                        description =
                                "Whether names are written as =\"…\", so that no spreadsheet takes one for a number"
                                        + " or a date")
                boolean textNames) {

    /** RFC 4180, for programs. */
    static final CsvForm DEFAULT = new CsvForm(",", ".", false, false);

    /** Excel takes no longer text in a formula. */
    private static final int FORMULA_TEXT_MAX = 255;

    /** A name as a cell that no spreadsheet runs. */
    String name(String name) {
        String quoted = name.replace("\"", "\"\"");
        return textNames && quoted.length() <= FORMULA_TEXT_MAX ? "=\"" + quoted + '"' : Csv.harmless(name);
    }

    /** A plain decimal with the mark of this form; null stays null. */
    String amount(String plain) {
        return plain == null ? null : plain.replace(".", decimalMark);
    }

    /** As it is stored; empty for the default. */
    Optional<String> stored() {
        try {
            return equals(DEFAULT) ? Optional.empty() : Optional.of(Figures.JSON.writeValueAsString(this));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record can always be written", e);
        }
    }

    static CsvForm ofStored(String json) {
        try {
            return Figures.JSON.readValue(json, CsvForm.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("analytics.export_jobs.csv holds something else", e);
        }
    }
}
