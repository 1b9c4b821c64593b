package io.inference.analytics.platform;

import com.opencsv.CSVReaderHeaderAware;
import com.opencsv.CSVReaderHeaderAwareBuilder;
import com.opencsv.RFC4180ParserBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens the CSV files that people bring: UTF-8 with a header, RFC 4180, so a backslash is a backslash. */
public final class CsvFile {

    /** Some spreadsheets write it before the first column. */
    private static final int BYTE_ORDER_MARK = '\uFEFF';

    private CsvFile() {}

    /** @throws Failure.Invalid when there is not even a header */
    public static CSVReaderHeaderAware open(Path file) throws IOException {
        BufferedReader text = Files.newBufferedReader(file, StandardCharsets.UTF_8);
        try {
            text.mark(1);
            int first = text.read();
            if (first < 0) {
                throw new Failure.Invalid("file", "file: empty (expected: a header and lines)");
            }
            if (first != BYTE_ORDER_MARK) {
                text.reset();
            }
            return new CSVReaderHeaderAwareBuilder(text)
                    .withCSVParser(new RFC4180ParserBuilder().build())
                    .build();
        } catch (IOException | RuntimeException e) {
            text.close();
            throw e;
        }
    }
}
