package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyPair;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsCheckTest {

    private static final Map<String, String> GOOD = Map.of(
            "DATABASE_URL", "postgres://user:pw@db:5432/analytics",
            "RABBITMQ_URL", "amqp://user:pw@mq:5672/%2F",
            "JWT_PUBLIC_KEY",
                    TokenKeyTest.pem(
                            "PUBLIC KEY", TokenKeyTest.pair("RSA", "2048").getPublic()));

    private static List<String> faults(Map<String, String> settings) {
        return SettingsCheck.faults(Set.of(), name -> Optional.ofNullable(settings.get(name)));
    }

    private static List<String> faultsWith(String name, String value) {
        Map<String, String> settings = new HashMap<>(GOOD);
        settings.put(name, value);
        return faults(settings);
    }

    @Test
    void threeSettingsAreEnough() {
        assertThat(faults(GOOD)).isEmpty();
    }

    @Test
    void everyMissingOneIsToldAtOnce() {
        assertThat(faults(Map.of()))
                .containsExactly(
                        "DATABASE_URL is not set (expected: postgres://user:password@host:port/database or "
                                + "jdbc:postgresql://host:port/database)",
                        "RABBITMQ_URL is not set (expected: amqp://user:password@host:port/vhost, or amqps for TLS)",
                        "JWT_PUBLIC_KEY is not set (expected: a public key in PEM, or the path of a file with one; or "
                                + "JWT_JWKS_URL)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"DATABASE_URL", "RABBITMQ_URL", "JWT_PUBLIC_KEY"})
    void blankIsMissing(String name) {
        assertThat(faultsWith(name, "  ")).singleElement().asString().startsWith(name + " is not set");
    }

    @Test
    void aKeySetOrOpenDoorsNeedNoKey() {
        Map<String, String> settings = new HashMap<>(GOOD);
        settings.remove("JWT_PUBLIC_KEY");
        assertThat(faults(settings)).hasSize(1);
        settings.put("JWT_JWKS_URL", "https://idp.example/jwks.json");
        assertThat(faults(settings)).isEmpty();
        settings.remove("JWT_JWKS_URL");
        settings.put("ENABLE_RBAC", "false");
        assertThat(faults(settings)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "DATABASE_URL, mysql://root:S3cr3t@db/x",
                "DATABASE_URL, postgres://user:S3cr3t@db:99999/x",
                "DATABASE_URL, jdbc:postgresql:",
                "RABBITMQ_URL, http://user:S3cr3t@mq",
                "RABBITMQ_URL, amqp://user:S3cr3t@",
                "RABBITMQ_URL, S3cr3t",
                "REDIS_URL, http://:S3cr3t@cache",
                "JWT_JWKS_URL, ftp://S3cr3t@idp/keys",
                "OTEL_EXPORTER_OTLP_ENDPOINT, S3cr3t:4317",
                "OTEL_EXPORTER_OTLP_PROTOCOL, udp",
                "HTTP_PORT, eighty",
                "HTTP_PORT, 65536",
                "HTTP_PORT, -1",
                "MANAGEMENT_PORT, 1.5",
                "RABBITMQ_STREAM_PORT, 0",
                "INGESTION_TRANSPORT, kafka",
                "INGESTION_BATCH_SIZE, 0",
                "INGESTION_BATCH_SIZE, 1e3",
                "INGESTION_BATCH_SIZE, 99999999999999999999",
                "INGESTION_BATCH_TIMEOUT, soon",
                "INGESTION_BATCH_TIMEOUT, 0ms",
                "INGESTION_BATCH_TIMEOUT, PT0.0001S",
                "ROLLUP_INTERVAL, 99999999999999d",
                "ROLLUP_INTERVAL, PT9223372036854775807S",
                "INGESTION_STREAM_MAX_AGE, 200ms",
                "EXPORT_SIGNED_URL_TTL, 999ms",
                "RABBITMQ_URL, amqp://user:S3cr3t@mq/one/two",
                "RABBITMQ_URL, amqp://user:S3cr3t@mq:0/one",
                "JWT_JWKS_URL, file:///S3cr3t.json",
                "JWT_JWKS_URL, https:/S3cr3t",
                "OTEL_EXPORTER_OTLP_ENDPOINT, grpc://S3cr3t:4317",
                "CURSOR_API_KEY_FILE, /",
                "ANTHROPIC_ADMIN_API_KEY_FILE, /dev/null/x",
                "INGESTION_BATCH_TIMEOUT, -5s",
                "INGESTION_WORKERS, 0",
                "INGESTION_STREAM_MAX_AGE, 7 days",
                "INGESTION_STREAM_MAX_BYTES, 1GB",
                "ROLLUP_INTERVAL, 0",
                "FRESHNESS_CACHE_TTL, PT",
                "STORAGE_FLAVOUR, mysql",
                "S3_ENDPOINT, minio:9000",
                "S3_ENDPOINT, ftp://key:S3cr3t@store",
                "S3_BUCKET, a/b",
                "S3_PATH_STYLE, perhaps",
                "S3_SERVER_SIDE_ENCRYPTION, rot13",
                "S3_SERVER_SIDE_ENCRYPTION, aes256",
                "S3_SECRET_KEY_FILE, /no/such/file",
                "EXPORT_WORKER_INTERVAL, often",
                "EXPORT_WORKER_CONCURRENCY, 0",
                "EXPORT_SIGNED_URL_TTL, 1 day",
                "ENABLE_RBAC, yes",
                "HTTP_ROOT_PATH, usage",
                "HTTP_ROOT_PATH, /usage/",
                "HTTPS_PROXY, http://u:S3cr3t@proxy:3128",
                "HTTPS_PROXY, proxy:3128",
                "TRUSTED_PROXIES, ingress.example",
                "TRUSTED_PROXIES, 10.0.0.0/33",
                "TRUSTED_CA_FILE, /no/such/file",
                "TRUSTED_CA_FILE, pom.xml",
                "AUTH_ROLES_CLAIM, a claim",
                "LOG_LEVEL, loud"
            })
    void aMalformedOneIsNamedAndNoSecretShown(String name, String value) {
        assertThat(faultsWith(name, value))
                .singleElement()
                .asString()
                .startsWith(name)
                .contains("(expected: ")
                .doesNotContain("S3cr3t", "\n");
    }

    @ParameterizedTest
    @CsvSource({
        "DATABASE_URL, jdbc:postgresql://db:5432/analytics?user=u&password=p",
        "DATABASE_URL, postgres://u:p@usage_db:5432/analytics",
        "DATABASE_URL, 'jdbc:postgresql://usage_db,[::1]:5433/analytics'",
        "DATABASE_URL, postgres://svc%3Aone:a@b%23c@db/analytics",
        "RABBITMQ_URL, amqp://u:p@message_broker:5672/",
        "RABBITMQ_URL, 'amqp://u:p@mq1:5672,mq2/prod%2Fusage'",
        "RABBITMQ_URL, amqp://svc%3Aone:p%2Fw%40@[fe80::1]:5672/%2F",
        "REDIS_URL, redis://u:p%40w@[::1]:6379/0",
        "REDIS_URL, 'redis://one:6379, redis://two:6379'",
        "DATABASE_URL, 'postgresql://u:p@db1:5432,db2:5432/analytics?sslmode=require'",
        "RABBITMQ_URL, amqps://u:p@mq:5671/prod",
        "RABBITMQ_URL, amqp://mq",
        "REDIS_URL, rediss://:p@cache:6380/1",
        "HTTP_PORT, 0",
        "INGESTION_TRANSPORT, QUEUE",
        "INGESTION_BATCH_TIMEOUT, 200ms",
        "INGESTION_BATCH_TIMEOUT, 1m30s",
        "INGESTION_STREAM_MAX_AGE, 7d",
        "INGESTION_STREAM_MAX_AGE, P7D",
        "INGESTION_STREAM_MAX_BYTES, 50000000000",
        "ROLLUP_INTERVAL, 5",
        "ROLLUP_INTERVAL, PT5S",
        "HTTP_ROOT_PATH, /tools/usage",
        "TRUSTED_PROXIES, '10.0.0.0/8, fd00::/8'",
        "HTTPS_PROXY, http://proxy.example:3128/",
        "NO_PROXY, 'localhost,.example,10.0.0.0/8'",
        "AUTH_ROLES_CLAIM, https://example.com/roles",
        "LOG_LEVEL, DEBUG",
        "LOG_LEVEL, info",
        "STORAGE_FLAVOUR, Timescale",
        "OTEL_EXPORTER_OTLP_ENDPOINT, http://collector:4318"
    })
    void aGoodOnePasses(String name, String value) {
        assertThat(faultsWith(name, value)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "REDIS_URL, redis://:S3cr3t@usage_cache:6379, underscore",
        "S3_ENDPOINT, http://usage_store:9000, underscore",
        "JWT_JWKS_URL, https://usage_idp/keys, underscore",
        "ANTHROPIC_API_URL, https://fake_provider, underscore",
        "CURSOR_API_URL, https://one:1;two:2, ''",
        "OTEL_EXPORTER_OTLP_ENDPOINT, http://otel_collector:4318, underscore",
        "S3_ENDPOINT, 'http://one:1,two:2', several hosts",
        "DATABASE_URL, postgres://u:S3cr3t%@db/x, %25",
        "DATABASE_URL, postgres://u:S3cr3t@db:5432x/x, port",
        "DATABASE_URL, postgres://u:S3cr3t@db, database",
        "RABBITMQ_URL, amqp://u:S3cr3t@/prod, host",
        "RABBITMQ_URL, amqp://u:S3cr3t@mq/prod/usage, %2F"
    })
    void theReportOfAnAddressSaysWhy(String name, String value, String reason) {
        assertThat(faultsWith(name, value))
                .singleElement()
                .asString()
                .startsWith(name + " is malformed")
                .contains(reason, "(expected: ")
                .doesNotContain("S3cr3t");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " \n"})
    void aFileForASecretHasTextInIt(String text, @TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("secret"), text);
        assertThat(faultsWith("S3_SECRET_KEY_FILE", file.toString()))
                .containsExactly(
                        "S3_SECRET_KEY_FILE: " + file + " (expected: the path of a readable file with text in it)");
        Files.writeString(file, "S3cr3t\n");
        assertThat(faultsWith("S3_SECRET_KEY_FILE", file + "\n")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"S3_ACCESS_KEY, S3_SECRET_KEY", "S3_SECRET_KEY, S3_ACCESS_KEY"})
    void oneKeyOfTheStoreNeedsTheOther(String given, String missing) {
        Map<String, String> settings = new HashMap<>(GOOD);
        settings.put(given, "S3cr3t");
        assertThat(faults(settings)).isEmpty();
        settings.put("S3_ENDPOINT", "https://store.example");
        assertThat(faults(settings))
                .containsExactly(missing + " is not set (expected: both keys, or none for the usual places of AWS)");
        settings.put(missing, "S3cr3t");
        assertThat(faults(settings)).isEmpty();
    }

    @Test
    void thePropertyCountsLikeTheVariable() {
        assertThat(faultsWith("analytics.ingestion.batch-size", "many"))
                .containsExactly("INGESTION_BATCH_SIZE: many (expected: a whole number from 1 to 100000)");
    }

    @Test
    void aLongOrStrangeValueIsShownShort() {
        assertThat(faultsWith("LOG_LEVEL", "x\u0007" + "y".repeat(500)))
                .singleElement()
                .asString()
                .startsWith("LOG_LEVEL: x?y")
                .hasSizeLessThan(140);
    }

    @Test
    void whatACommandDoesNotUseIsNoFault() {
        Map<String, String> settings = Map.of("HTTP_PORT", "eighty", "RABBITMQ_URL", "S3cr3t");
        assertThat(SettingsCheck.faults(
                        Set.of(Setting.HTTP_PORT, Setting.RABBITMQ_URL, Setting.DATABASE_URL, Setting.JWT_PUBLIC_KEY),
                        name -> Optional.ofNullable(settings.get(name))))
                .isEmpty();
    }

    private static Optional<String> localKeyFault(Path directory, List<String> profiles, Key publicKey, Key privateKey)
            throws IOException {
        Path file = Files.writeString(directory.resolve("private.pem"), TokenKeyTest.pem("PRIVATE KEY", privateKey));
        Map<Setting, String> given = Map.of(
                Setting.CONSOLE_LOCAL_KEY,
                file.toString(),
                Setting.JWT_PUBLIC_KEY,
                TokenKeyTest.pem("PUBLIC KEY", publicKey));
        return SettingsCheck.localKeyFault(profiles, setting -> Optional.ofNullable(given.get(setting)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"prod", "dev", "prod,local", "local,prod", ""})
    void theKeyOfTheLocalStackIsRefusedInEveryOtherProfile(String profiles, @TempDir Path directory)
            throws IOException {
        KeyPair pair = TokenKeyTest.pair("RSA", "2048");
        assertThat(localKeyFault(directory, List.of(profiles.split(",", -1)), pair.getPublic(), pair.getPrivate()))
                .contains("CONSOLE_LOCAL_KEY is set in profile " + profiles
                        + " (expected: nothing, but in profile local)");
    }

    @Test
    void theKeyOfTheLocalStackBelongsToTheKeyOfTheTokens(@TempDir Path directory) throws IOException {
        KeyPair pair = TokenKeyTest.pair("RSA", "2048");
        List<String> local = List.of("local");
        assertThat(localKeyFault(directory, local, pair.getPublic(), pair.getPrivate()))
                .isEmpty();
        for (KeyPair other : List.of(TokenKeyTest.pair("RSA", "2048"), TokenKeyTest.pair("EC", "secp256r1"))) {
            assertThat(localKeyFault(directory, local, other.getPublic(), pair.getPrivate()))
                    .contains(
                            "CONSOLE_LOCAL_KEY is not the key to JWT_PUBLIC_KEY (expected: both of one pair, or none)");
        }
        assertThat(SettingsCheck.localKeyFault(local, setting -> Optional.empty()))
                .isEmpty();
    }

    @Test
    void whatIsNoPrivateKeyIsReportedWithoutAWordOfIt(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("key.pem"), "-----BEGIN PRIVATE KEY-----\nS3cr3t\n");
        for (String value : List.of(file.toString(), directory.resolve("S3cr3t").toString(), "-----BEGIN S3cr3t\n")) {
            assertThat(faultsWith("CONSOLE_LOCAL_KEY", value))
                    .singleElement()
                    .asString()
                    .startsWith("CONSOLE_LOCAL_KEY: not a")
                    .endsWith("(expected: the path of a file with an RSA private key in PEM)")
                    .doesNotContain("S3cr3t");
        }
    }
}
