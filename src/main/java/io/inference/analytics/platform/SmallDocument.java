package io.inference.analytics.platform;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A JSON document at an address that an operator has set. A read takes at most 3 s and 1 MiB, and follows no redirect. */
public final class SmallDocument {

    private static final Duration CALL_MAX = Duration.ofSeconds(3);
    private static final int BYTES_MAX = 1 << 20;

    private final URI address;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(CALL_MAX).build();

    public SmallDocument(URI address) {
        this.address = address;
    }

    /**
     * Its text.
     *
     * @throws IOException when the address does not answer in time, or with something else; its message is for an operator
     */
    public String read() throws IOException, InterruptedException {
        HttpResponse<byte[]> answer = answer();
        byte[] body = answer.body();
        if (answer.statusCode() != 200 || body.length > BYTES_MAX) {
            throw new IOException("status %d, %d bytes (expected: 200, at most %d)"
                    .formatted(answer.statusCode(), body.length, BYTES_MAX));
        }
        return new String(body, StandardCharsets.UTF_8);
    }

    /**
     * The time-out of an HTTP request ends with the headers; this one covers the whole response.
     */
    private HttpResponse<byte[]> answer() throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<byte[]>> answer = http.sendAsync(
                HttpRequest.newBuilder(address)
                        .timeout(CALL_MAX)
                        .header("Accept", "application/json")
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
        try {
            return answer.get(CALL_MAX.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException("the address does not answer: " + NetworkCause.of(e.getCause()), e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("no complete answer within " + CALL_MAX, e);
        } finally {
            answer.cancel(true);
        }
    }
}
