package io.inference.analytics.platform;

import com.opencsv.CSVReader;
import com.opencsv.CSVReaderBuilder;
import com.opencsv.CSVWriterBuilder;
import com.opencsv.ICSVWriter;
import com.opencsv.RFC4180ParserBuilder;
import com.opencsv.exceptions.CsvException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** No text breaks out of its cell, and none begins like a formula. */
public final class CsvFuzz {

    private CsvFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException, CsvException {
        String text = new String(data, StandardCharsets.UTF_8);
        int half = text.length() / 2;
        String[] cells = {Csv.harmless(text.substring(0, half)), "between", Csv.harmless(text.substring(half))};
        StringWriter file = new StringWriter();
        try (ICSVWriter csv = new CSVWriterBuilder(file).withLineEnd("\r\n").build()) {
            csv.writeNext(cells, false);
            csv.writeNext(new String[] {"after"}, false);
        }
        try (CSVReader reader = new CSVReaderBuilder(new StringReader(file.toString()))
                .withCSVParser(new RFC4180ParserBuilder().build())
                .build()) {
            String[] read = reader.readNext();
            if (read.length != cells.length || !read[1].equals("between")) {
                throw new IllegalStateException("a text broke out of its cell: " + Arrays.toString(read));
            }
        }
        for (String cell : cells) {
            if (!cell.isEmpty() && "=+-@\t\r".indexOf(cell.charAt(0)) >= 0) {
                throw new IllegalStateException("a cell begins like a formula: " + cell);
            }
        }
    }
}
