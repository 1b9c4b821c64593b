package io.inference.analytics.web;

import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.Provider;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.spi.ResteasyReactiveResourceInfo;
import org.jboss.resteasy.reactive.server.spi.ServerHttpResponse;
import org.jboss.resteasy.reactive.server.spi.ServerMessageBodyWriter;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/**
 * Sends a {@link Streamed} body at the pace of the client: one portion is on its way while the next is made, so memory stays
 * flat. The answer ends cleanly only when the body is complete; else the connection is cut, which every HTTP client notices.
 * The library's own output stream waits for a slow client for ever, and ends a broken body as if it were whole.
 */
@Provider
class StreamedWriter implements ServerMessageBodyWriter<Streamed> {

    private static final Logger LOG = Logger.getLogger(StreamedWriter.class);

    /** Large enough that a wait costs little, small enough that a hundred clients cost nothing. */
    private static final int PORTION_BYTES = 128 * 1024;

    @Override
    public boolean isWriteable(Class<?> type, Type generic, ResteasyReactiveResourceInfo target, MediaType media) {
        return Streamed.class.isAssignableFrom(type);
    }

    @Override
    public boolean isWriteable(Class<?> type, Type generic, Annotation[] annotations, MediaType media) {
        return Streamed.class.isAssignableFrom(type);
    }

    @Override
    public void writeTo(
            Streamed body,
            Class<?> type,
            Type generic,
            Annotation[] annotations,
            MediaType media,
            MultivaluedMap<String, Object> headers,
            OutputStream out) {
        throw new UnsupportedOperationException("only on the server's own path");
    }

    @Override
    public void writeResponse(Streamed body, Type generic, ServerRequestContext context) {
        ServerHttpResponse response = context.serverResponse();
        boolean complete = false;
        try {
            response.setChunked(true);
            send(body, response);
            complete = true;
        } catch (IOException | RuntimeException e) {
            LOG.warnf("event=stream_cut cause=\"%s\"", e);
        } finally {
            body.close(complete);
            if (complete) {
                response.end();
            } else {
                response.reset();
            }
        }
    }

    private static void send(Streamed body, ServerHttpResponse response) throws IOException {
        CompletionStage<Void> sent = CompletableFuture.completedStage(null);
        ByteArrayOutputStream portion = new ByteArrayOutputStream(PORTION_BYTES + 4096);
        for (byte[] next = body.next(); next != null; next = body.next()) {
            portion.writeBytes(next);
            if (portion.size() >= PORTION_BYTES) {
                await(sent, body.stallTimeout());
                sent = response.write(portion.toByteArray());
                portion.reset();
            }
        }
        await(sent, body.stallTimeout());
        await(response.write(portion.toByteArray()), body.stallTimeout());
    }

    private static void await(CompletionStage<Void> sent, Duration stallTimeout) throws IOException {
        try {
            sent.toCompletableFuture().get(stallTimeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        } catch (TimeoutException e) {
            throw new IOException("the client took nothing for " + stallTimeout, e);
        } catch (ExecutionException e) {
            throw new IOException("the client has gone", e);
        }
    }
}
