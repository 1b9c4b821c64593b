package io.inference.analytics.devtools;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** The lines of a file as bytes, without the line feed and with all else; an empty line is a line. */
final class MessageLines implements Iterator<byte[]> {
    private final InputStream in;
    private byte[] next;

    /** @param in should be buffered; the caller closes it */
    MessageLines(InputStream in) {
        this.in = in;
        this.next = read();
    }

    @Override
    public boolean hasNext() {
        return next != null;
    }

    @Override
    public byte[] next() {
        if (next == null) {
            throw new NoSuchElementException();
        }
        byte[] line = next;
        next = read();
        return line;
    }

    private byte[] read() {
        try {
            int octet = in.read();
            if (octet < 0) {
                return null;
            }
            ByteArrayOutputStream line = new ByteArrayOutputStream(512);
            for (; octet >= 0 && octet != '\n'; octet = in.read()) {
                line.write(octet);
            }
            return line.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
