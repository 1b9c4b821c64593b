package io.inference.analytics.objectstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import io.inference.analytics.settings.SettingSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the client requests from a store that the local one does not offer, and how it reports refusals. */
class ObjectStoreTest {

    private static final ObjectLocation FILE = new ObjectLocation("files", "analytics/exports/1/2.csv");

    private final Map<String, Headers> seen = new ConcurrentHashMap<>();
    private final Map<String, String> settings = new HashMap<>();
    private HttpServer server;
    private volatile int status = 200;
    private volatile String answer = "";

    @TempDir
    Path directory;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            seen.put(exchange.getRequestMethod(), exchange.getRequestHeaders());
            byte[] body = answer.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("ETag", "\"e\"");
            if (status == 301) {
                exchange.getResponseHeaders().set("x-amz-bucket-region", "eu-central-1");
            }
            boolean head = exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(status, head || body.length == 0 ? -1 : body.length);
            if (!head && body.length > 0) {
                exchange.getResponseBody().write(body);
            }
            exchange.close();
        });
        server.start();
        settings.put(
                "analytics.s3.endpoint",
                "http://127.0.0.1:" + server.getAddress().getPort());
        settings.put("analytics.s3.access-key", "key");
        settings.put("analytics.s3.secret-key", "verysecret");
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private ObjectStore bucket() {
        SmallRyeConfig config = new SmallRyeConfigBuilder()
                .withConverter(Duration.class, 200, new io.quarkus.runtime.configuration.DurationConverter())
                .addDefaultInterceptors()
                .withMapping(ObjectStoreConfig.class)
                .withSources(new SettingSource(), new PropertiesConfigSource(settings, "test", 300))
                .build();
        return new ObjectStore(config.getConfigMapping(ObjectStoreConfig.class));
    }

    private void begun() throws StoreTrouble {
        answer =
                "<?xml version=\"1.0\"?><InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
        assertThat(bucket().beginUpload(FILE, Map.of("org-id", "o", "job-id", "j")))
                .isEqualTo("u");
    }

    @Test
    void encryptionAndMetadataAreAskedForWhenAFileBegins() throws Exception {
        begun();
        assertThat(seen.get("POST").getFirst("x-amz-server-side-encryption")).isEqualTo("AES256");
        assertThat(seen.get("POST").getFirst("x-amz-meta-org-id")).isEqualTo("o");
        assertThat(seen.get("POST").getFirst("x-amz-meta-job-id")).isEqualTo("j");
        settings.put("analytics.s3.server-side-encryption", "aws:kms");
        settings.put("analytics.s3.kms-key-id", "k1");
        begun();
        assertThat(seen.get("POST").getFirst("x-amz-server-side-encryption")).isEqualTo("aws:kms");
        assertThat(seen.get("POST").getFirst("x-amz-server-side-encryption-aws-kms-key-id"))
                .isEqualTo("k1");
        settings.put("analytics.s3.server-side-encryption", "none");
        begun();
        assertThat(seen.get("POST")).doesNotContainKey("X-amz-server-side-encryption");
        answer = "";
        bucket().put(FILE, new byte[] {1}, "application/json", Map.of());
        assertThat(seen.get("PUT")).doesNotContainKey("X-amz-server-side-encryption");
        settings.remove("analytics.s3.server-side-encryption");
        bucket().put(FILE, new byte[] {1}, "application/json", Map.of());
        assertThat(seen.get("PUT").getFirst("x-amz-server-side-encryption")).isEqualTo("AES256");
    }

    @Test
    void refusalsAreToldInPlainWords() {
        status = 403;
        answer = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>";
        assertThatThrownBy(() -> bucket().check("files"))
                .isInstanceOf(StoreTrouble.class)
                .hasMessage("The file store denies access to the bucket files.");
        assertThatThrownBy(() -> bucket().abortUploads(FILE))
                .hasMessage("The file store denies access to the bucket files (AccessDenied).");
        status = 501;
        assertThatThrownBy(() -> bucket().put(FILE, new byte[1], "text/plain", Map.of()))
                .hasMessageContaining("does not offer");
        status = 404;
        answer = "<?xml version=\"1.0\"?><Error><Code>NoSuchBucket</Code></Error>";
        assertThatThrownBy(() -> bucket().abortUploads(FILE)).hasMessage("The file store has no bucket files.");
        server.stop(0);
        assertThatThrownBy(() -> bucket().abortUploads(FILE)).hasMessage("The file store does not answer.");
    }

    @ParameterizedTest
    @CsvSource({
        "501, NotImplemented, S3_SERVER_SIDE_ENCRYPTION=none",
        "400, InvalidArgument, another S3_SERVER_SIDE_ENCRYPTION",
        "400, AuthorizationHeaderMalformed, S3_REGION=eu-central-1",
        "301, PermanentRedirect, S3_REGION=eu-central-1",
        "403, RequestTimeTooSkewed, clock",
        "403, SignatureDoesNotMatch, S3_SECRET_KEY",
        "403, InvalidAccessKeyId, S3_ACCESS_KEY",
        "403, QuotaExceeded, quota",
        "403, SomethingNew, SomethingNew",
        "400, OddRequest, OddRequest",
    })
    void aRefusalNamesItsCauseAndTheSetting(int refusal, String code, String named) {
        status = refusal;
        answer = ("<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s; key AKIASECRET</Message>" + "</Error>")
                .formatted(
                        code,
                        switch (code) {
                            case "InvalidArgument" -> "AES256 requires KMS";
                            case "AuthorizationHeaderMalformed" ->
                                "the region 'us-east-1' is wrong; expecting 'eu-central-1'";
                            default -> "no";
                        });
        assertThatThrownBy(() -> bucket().put(FILE, new byte[1], "text/plain", Map.of()))
                .isInstanceOf(StoreTrouble.class)
                .hasMessageContaining(named)
                .hasMessageNotContaining("AKIASECRET");
    }

    @Test
    void addressesAreSignedForTheReadersOfFiles() {
        settings.put("analytics.s3.public-endpoint", "https://files.example.com");
        URI signed = bucket().sign(FILE, "usage_Acme.csv", Duration.ofHours(24));
        assertThat(signed.getHost()).isEqualTo("files.example.com");
        assertThat(signed.getPath()).isEqualTo("/files/" + FILE.key());
        assertThat(signed.getRawQuery())
                .contains("X-Amz-Expires=86400")
                .contains("response-content-disposition=attachment%3B%20filename%3D%22usage_Acme.csv%22")
                .doesNotContain("verysecret");
    }

    @Test
    void keysMayLieInFiles() throws Exception {
        settings.remove("analytics.s3.access-key");
        settings.remove("analytics.s3.secret-key");
        settings.put(
                "analytics.s3.access-key-file",
                Files.writeString(directory.resolve("a"), "filekey\n").toString());
        settings.put(
                "analytics.s3.secret-key-file",
                Files.writeString(directory.resolve("s"), "filesecret\n").toString());
        bucket().checkSettings();
        assertThat(bucket().sign(FILE, "x.csv", Duration.ofHours(1)).getRawQuery())
                .contains("X-Amz-Credential=filekey%2F");
        settings.put("analytics.s3.secret-key-file", directory.resolve("none").toString());
        assertThatThrownBy(() -> bucket().checkSettings()).hasMessageContaining("S3_SECRET_KEY_FILE");
    }

    @Test
    void settingsThatCanNotWorkStopTheStart() {
        settings.remove("analytics.s3.secret-key");
        assertThatThrownBy(() -> bucket().checkSettings())
                .hasMessageStartingWith("S3_SECRET_KEY is not set (expected:");
        settings.put("analytics.s3.secret-key", "verysecret");
        settings.put("analytics.s3.server-side-encryption", "rot13");
        assertThatThrownBy(() -> bucket().checkSettings())
                .hasMessageStartingWith("S3_SERVER_SIDE_ENCRYPTION: rot13 (expected:");
        settings.remove("analytics.s3.server-side-encryption");
        settings.put("analytics.s3.endpoint", "verysecret");
        assertThatThrownBy(() -> bucket().checkSettings())
                .hasMessage("S3_ENDPOINT is malformed (expected: http://host:port or https://host)");
        settings.put("analytics.s3.endpoint", "https://files.example.com");
        settings.put("analytics.s3.public-endpoint", "https://example.com/files");
        assertThatThrownBy(() -> bucket().checkSettings()).hasMessageStartingWith("S3_PUBLIC_ENDPOINT has a path");
        settings.remove("analytics.s3.endpoint");
        assertThat(bucket().configured()).isFalse();
        bucket().checkSettings();
    }
}
