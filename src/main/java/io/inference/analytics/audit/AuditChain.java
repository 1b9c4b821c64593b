package io.inference.analytics.audit;

import io.inference.analytics.platform.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;

/**
 * How entries are chained. The hash of an entry is SHA-256 over the 32 bytes of the previous hash
 * and the entry's fields, in the order of {@link AuditEntry}. Numbers and times (microseconds since
 * 1970) are 8 bytes, big endian. A text is its length in bytes (4 bytes, -1 when there is none),
 * followed by its UTF-8 bytes. A boolean is one byte.
 *
 * <p>No two different entries have the same bytes. The form begins with a version byte, so a later
 * form cannot be mistaken for this one.
 */
final class AuditChain {

    private static final int VERSION = 1;

    private AuditChain() {}

    /** The hash that the first entry follows. */
    static byte[] genesis(UUID chain) {
        return Sha256.of("analytics audit chain " + chain);
    }

    /** The hash of the entry that follows the one with the given hash. */
    static byte[] next(byte[] before, AuditEntry entry) {
        MessageDigest digest = Sha256.digest();
        digest.update(before);
        digest.update(bytes(entry));
        return digest.digest();
    }

    private static byte[] bytes(AuditEntry entry) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeLong(entry.seq());
            out.writeLong(micros(entry.recordedAt()));
            out.writeLong(micros(entry.at()));
            text(out, entry.actor());
            text(out, Optional.of(entry.action()));
            text(out, entry.orgId().map(UUID::toString));
            text(out, Optional.of(entry.outcome()));
            out.writeBoolean(entry.crossOrg());
            text(out, Optional.of(entry.method()));
            text(out, Optional.of(entry.path()));
            text(out, Optional.of(entry.traceId()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static long micros(Instant time) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, time);
    }

    private static void text(DataOutputStream out, Optional<String> text) throws IOException {
        if (text.isEmpty()) {
            out.writeInt(-1);
            return;
        }
        byte[] utf8 = text.get().getBytes(StandardCharsets.UTF_8);
        out.writeInt(utf8.length);
        out.write(utf8);
    }
}
