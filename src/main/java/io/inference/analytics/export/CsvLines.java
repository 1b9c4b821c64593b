package io.inference.analytics.export;

import com.opencsv.CSVWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

/**
 * Lines of a CSV file as in RFC 4180, in UTF-8: cells are quoted where they must be, lines end with
 * CR LF. The bytes are those of opencsv, with two shortcuts that halve its time: a cell is scanned
 * once, and a line is encoded as a whole.
 */
final class CsvLines extends CSVWriter {

    private static final byte[] BYTE_ORDER_MARK = "\uFEFF".getBytes(StandardCharsets.UTF_8);

    CsvLines(OutputStream out, CsvForm form) {
        super(
                new Utf8(out, form.bom()),
                form.delimiter().charAt(0),
                DEFAULT_QUOTE_CHARACTER,
                DEFAULT_ESCAPE_CHARACTER,
                "\r\n");
    }

    /**
     * Writes a line.
     *
     * @throws IOException the stream's own, at once
     */
    void write(String[] cells) throws IOException {
        writeNext(cells, false);
        if (exception != null) {
            throw exception;
        }
    }

    @Override
    protected boolean stringContainsSpecialCharacters(String cell) {
        for (int i = 0; i < cell.length(); i++) {
            char c = cell.charAt(i);
            if (c == separator || c == quotechar || c == escapechar || c == '\n' || c == '\r') {
                return true;
            }
        }
        return false;
    }

    /** Encodes each text separately: opencsv passes whole lines, so no character is split. */
    private static final class Utf8 extends Writer {

        private static final int BUFFER_BYTES = 1 << 16;

        private final OutputStream out;
        private final byte[] buffer = new byte[BUFFER_BYTES];
        private int filled;

        private Utf8(OutputStream out, boolean bom) {
            this.out = out;
            if (bom) {
                System.arraycopy(BYTE_ORDER_MARK, 0, buffer, 0, BYTE_ORDER_MARK.length);
                filled = BYTE_ORDER_MARK.length;
            }
        }

        @Override
        public void write(String text, int offset, int length) throws IOException {
            write(text.substring(offset, offset + length).getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void write(char[] text, int offset, int length) throws IOException {
            write(new String(text, offset, length).getBytes(StandardCharsets.UTF_8));
        }

        private void write(byte[] bytes) throws IOException {
            if (bytes.length > buffer.length - filled) {
                drain();
            }
            if (bytes.length > buffer.length) {
                out.write(bytes);
                return;
            }
            System.arraycopy(bytes, 0, buffer, filled, bytes.length);
            filled += bytes.length;
        }

        private void drain() throws IOException {
            out.write(buffer, 0, filled);
            filled = 0;
        }

        @Override
        public void flush() throws IOException {
            drain();
            out.flush();
        }

        @Override
        public void close() throws IOException {
            flush();
            out.close();
        }
    }
}
