package io.inference.analytics.export;

import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.objectstore.StoreTrouble;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/**
 * A file on its way to the file store, in parts; written by one thread. Another thread calls the
 * store, one call at a time and in order, while the next part is filled. Its errors are thrown at
 * the next write, or at the end.
 *
 * <p>Memory: two parts, one of them only when the file is longer than a part.
 */
final class ExportUpload extends OutputStream {

    private final ObjectStore bucket;
    private final ObjectLocation location;
    private final Executor executor;
    private final int partBytes;
    private final List<String> tags = new ArrayList<>();
    private FutureTask<?> lastCall;
    private volatile String id;
    private byte[] buffer;
    private byte[] spare;
    private int filled;
    private int parts;
    private long bytes;

    /**
     * Begins the upload, without waiting for the store.
     *
     * @param metadata stored with the object, ASCII
     * @param othersBegan whether another process may have begun the same file: its uploads are
     *     aborted first, so that they can no longer be completed
     * @param partBytes at least 5 MiB, by the rules of S3
     */
    ExportUpload(
            ObjectStore bucket,
            ObjectLocation location,
            Map<String, String> metadata,
            boolean othersBegan,
            int partBytes,
            Executor executor) {
        this.bucket = bucket;
        this.location = location;
        this.partBytes = partBytes;
        this.executor = executor;
        this.buffer = new byte[partBytes];
        later(() -> {
            if (othersBegan) {
                bucket.abortUploads(location);
            }
            id = bucket.beginUpload(location, metadata);
            return null;
        });
    }

    private void later(Callable<Void> call) {
        lastCall = new FutureTask<>(call);
        executor.execute(lastCall);
    }

    /** Returns when the store has done everything that was asked of it so far. */
    void await() throws IOException {
        try {
            lastCall.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for the file store");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreTrouble trouble) {
                throw trouble;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public void write(int octet) throws IOException {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        if (lastCall.isDone()) {
            await();
        }
        int from = offset;
        int left = length;
        while (left > 0) {
            int some = Math.min(left, buffer.length - filled);
            System.arraycopy(source, from, buffer, filled, some);
            filled += some;
            from += some;
            left -= some;
            if (filled == buffer.length) {
                send();
                if (buffer == null) {
                    buffer = new byte[partBytes];
                }
            }
        }
        bytes += length;
    }

    private void send() throws IOException {
        await();
        byte[] part = buffer;
        int length = filled;
        int number = ++parts;
        buffer = spare;
        spare = part;
        filled = 0;
        later(() -> {
            tags.add(bucket.uploadPart(location, id, number, part, length));
            return null;
        });
    }

    /** Bytes written so far. */
    long bytes() {
        return bytes;
    }

    /** Begins to send the rest; nothing can be written afterwards. */
    void finish() throws IOException {
        if (filled > 0 || parts == 0) {
            send();
        }
    }

    /** Makes the whole file visible under its key; after {@link #finish()}. */
    void complete() throws IOException {
        await();
        bucket.completeUpload(location, id, tags);
    }

    /** Drops what was written; does nothing when the upload was already completed or dropped. */
    void abort() throws StoreTrouble {
        try {
            await();
        } catch (IOException | RuntimeException e) {
            // The error was already thrown, or no longer matters.
        }
        if (id != null) {
            bucket.abortUpload(location, id);
        }
    }
}
