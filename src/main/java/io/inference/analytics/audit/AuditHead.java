package io.inference.analytics.audit;

import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The end of the chain at some moment.
 *
 * @param seq entries so far, including those that retention dropped
 * @param hash hash of the last one, in hexadecimal
 */
public record AuditHead(long seq, String hash) {

    private static final Pattern TEXT = Pattern.compile("([0-9]{1,18})[:-]([0-9a-f]{64})");

    static AuditHead of(long seq, byte[] hash) {
        return new AuditHead(seq, HexFormat.of().formatHex(hash));
    }

    /** Reads {@code SEQ:HASH} or {@code SEQ-HASH}; empty for any other text. */
    public static Optional<AuditHead> parse(String text) {
        Matcher parts = TEXT.matcher(text);
        return parts.matches()
                ? Optional.of(new AuditHead(Long.parseLong(parts.group(1)), parts.group(2)))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return seq + ":" + hash;
    }
}
