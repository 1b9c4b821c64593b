package io.inference.analytics.web;

import io.inference.analytics.platform.Failure;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import jakarta.ws.rs.ext.Provider;
import jakarta.ws.rs.ext.ReaderInterceptor;
import jakarta.ws.rs.ext.ReaderInterceptorContext;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Refuses bodies that grow beyond the limit while they are read, with 413 as problem+json. {@link HttpRoutes} refuses those that
 * announce a greater length. Quarkus's own limit is higher, because its answer has no body.
 */
@Provider
class BodyLimit implements ReaderInterceptor {

    /** Looked up late: Quarkus makes providers before the configuration of the process is there. */
    private final Instance<HttpConfig> config;

    @Inject
    RoutingContext request;

    BodyLimit(Instance<HttpConfig> config) {
        this.config = config;
    }

    @Override
    public Object aroundReadFrom(ReaderInterceptorContext context) throws IOException {
        context.setInputStream(
                new Counted(context.getInputStream(), config.get().bodyBytesMax()));
        return context.proceed();
    }

    /** Throws with the first byte too many. */
    private final class Counted extends FilterInputStream {

        private final long bytesMax;
        private long bytes;

        Counted(InputStream body, long bytesMax) {
            super(body);
            this.bytesMax = bytesMax;
        }

        @Override
        public int read() throws IOException {
            int next = super.read();
            count(next < 0 ? 0 : 1);
            return next;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int read = super.read(buffer, offset, length);
            count(Math.max(read, 0));
            return read;
        }

        private void count(int more) {
            bytes += more;
            if (bytes > bytesMax) {
                // The rest of the body would be read as the next request.
                request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
                throw new Failure.TooLarge("The body has more than %d bytes.".formatted(bytesMax));
            }
        }
    }
}
