package io.inference.analytics.ingest;

import io.inference.analytics.event.UsageEvent;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Writes events in PostgreSQL's binary COPY format, in the column order of {@link UsageEventStore#STAGE_COLUMNS}.
 *
 * <p>Source: PostgreSQL documentation, COPY, "Binary Format"; numeric as in {@code numeric_recv}.
 */
final class BinaryCopy {

    private static final byte[] SIGNATURE = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xFF, '\r', '\n', 0};
    private static final int COLUMNS = 22;
    private static final long POSTGRES_EPOCH_SECONDS = 946_684_800L;
    private static final BigInteger DIGIT_BASE = BigInteger.valueOf(10_000);
    private static final int NUMERIC_SCALE = 8;

    private BinaryCopy() {}

    /** The whole COPY stream; {@code seq} is the index in the list. */
    static byte[] encode(List<UsageEvent> events, Instant receivedAt, long batchId) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(events.size() * 260 + 32);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.write(SIGNATURE);
            out.writeInt(0);
            out.writeInt(0);
            for (int seq = 0; seq < events.size(); seq++) {
                row(out, seq, events.get(seq), receivedAt, batchId);
            }
            out.writeShort(-1);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return bytes.toByteArray();
    }

    private static void row(DataOutputStream out, int seq, UsageEvent event, Instant receivedAt, long batchId)
            throws IOException {
        out.writeShort(COLUMNS);
        out.writeInt(4);
        out.writeInt(seq);
        uuid(out, event.eventId());
        uuid(out, event.orgId());
        uuid(out, event.actorId());
        uuid(out, event.modelId());
        text(out, event.clientId());
        timestamp(out, event.occurredAt());
        timestamp(out, receivedAt);
        bigint(out, event.inputTokens());
        bigint(out, event.outputTokens());
        bigint(out, event.cacheReadInputTokens());
        bigint(out, event.cacheWriteInputTokens());
        bigint(out, event.cacheWrite1hInputTokens());
        bigint(out, event.latencyMs());
        if (event.timeToFirstTokenMs() == null) {
            out.writeInt(-1);
        } else {
            bigint(out, event.timeToFirstTokenMs());
        }
        text(out, event.status().wireName());
        text(out, event.errorCode());
        numeric(out, event.costEstimateCents());
        jsonb(out, event.metadata());
        bigint(out, batchId);
        text(out, event.serviceTier());
        text(out, event.contextWindow());
    }

    private static void uuid(DataOutputStream out, UUID value) throws IOException {
        if (value == null) {
            out.writeInt(-1);
            return;
        }
        out.writeInt(16);
        out.writeLong(value.getMostSignificantBits());
        out.writeLong(value.getLeastSignificantBits());
    }

    private static void text(DataOutputStream out, String value) throws IOException {
        if (value == null) {
            out.writeInt(-1);
            return;
        }
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static void jsonb(DataOutputStream out, String json) throws IOException {
        if (json == null) {
            out.writeInt(-1);
            return;
        }
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length + 1);
        out.writeByte(1);
        out.write(bytes);
    }

    private static void bigint(DataOutputStream out, long value) throws IOException {
        out.writeInt(8);
        out.writeLong(value);
    }

    private static void timestamp(DataOutputStream out, Instant value) throws IOException {
        long micros = Math.addExact(
                Math.multiplyExact(value.getEpochSecond() - POSTGRES_EPOCH_SECONDS, 1_000_000L),
                value.getNano() / 1_000L);
        bigint(out, micros);
    }

    /** A number ≥ 0 as base-10,000 digits: two of them after the point, and as many before it as needed. */
    private static void numeric(DataOutputStream out, BigDecimal value) throws IOException {
        if (value == null) {
            out.writeInt(-1);
            return;
        }
        BigInteger unscaled = value.setScale(NUMERIC_SCALE).unscaledValue();
        short[] digits = new short[16];
        int count = 0;
        if (unscaled.bitLength() < Long.SIZE) {
            for (long rest = unscaled.longValueExact(); rest > 0; rest /= 10_000) {
                digits[count++] = (short) (rest % 10_000);
            }
        } else {
            for (BigInteger rest = unscaled; rest.signum() > 0; rest = rest.divide(DIGIT_BASE)) {
                digits[count++] = rest.mod(DIGIT_BASE).shortValueExact();
            }
        }
        out.writeInt(8 + 2 * count);
        out.writeShort(count);
        // Weight of the first digit: the last two digits stand after the point.
        out.writeShort(count - 1 - NUMERIC_SCALE / 4);
        out.writeShort(0);
        out.writeShort(NUMERIC_SCALE);
        for (int i = count - 1; i >= 0; i--) {
            out.writeShort(digits[i]);
        }
    }
}
