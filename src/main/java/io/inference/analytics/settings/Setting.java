package io.inference.analytics.settings;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The settings that come from the environment, by their names there, with what a value must look like. Defaults stand in
 * {@code application.properties}, which hands each variable to its property.
 *
 * <p>Values are checked before anything starts, so that every fault is told at once and nothing has happened yet.
 */
public enum Setting {
    /** The database. */
    DATABASE_URL(
            "analytics.database.url",
            Shown.NEVER,
            DatabaseUrl.EXPECTED.substring("expected: ".length()),
            SettingForm::isDatabaseUrl,
            "The PostgreSQL server and database, with user and password."),
    /** The broker. */
    RABBITMQ_URL(
            "analytics.rabbitmq.url",
            Shown.NEVER,
            "amqp://user:password@host:port/vhost, or amqps for TLS",
            SettingForm::isBrokerUrl,
            "The RabbitMQ server and virtual host; none, a bare slash and %2F mean the host named /."),
    /** The key of the tokens. */
    JWT_PUBLIC_KEY(
            "analytics.access.jwt-public-key",
            Shown.NEVER,
            "a public key in PEM, or the path of a file with one; or JWT_JWKS_URL",
            value -> TokenKey.fault(value).isEmpty(),
            "The public key (RSA or P-256) that tokens are checked with."),
    /** The key set of the tokens. */
    JWT_JWKS_URL(
            "analytics.access.jwt-jwks-url",
            Shown.NEVER,
            "https://host/path of a JSON Web Key Set",
            value -> SettingForm.isUrl(value, Set.of("http", "https")),
            "Where the key set of the tokens is, instead of JWT_PUBLIC_KEY; read again every 5 minutes, and at once for a key that is new."),
    /** The issuer of the tokens. */
    JWT_ISSUER(
            "analytics.access.jwt-issuer",
            Shown.ALWAYS,
            "a name or URL",
            value -> true,
            "The issuer that tokens must name (iss)."),
    /** The audience of the tokens. */
    JWT_AUDIENCE(
            "analytics.access.jwt-audience",
            Shown.ALWAYS,
            "a name",
            value -> true,
            "The audience that tokens must name (aud)."),
    /** Whether permissions are checked. */
    ENABLE_RBAC(
            "analytics.access.rbac-enabled",
            Shown.ALWAYS,
            "true or false",
            SettingForm::isBoolean,
            "Whether credentials and permissions are checked; can not be off in profile prod."),
    /** Whether what can not be audited is refused. */
    AUDIT_REQUIRED(
            "analytics.audit.required",
            Shown.ALWAYS,
            "true or false",
            SettingForm::isBoolean,
            "Whether a request is refused with 503 when its audit entry can not be committed; else it is answered."),
    /** Requests of a subject. */
    RATE_LIMIT_SUBJECT(
            "analytics.access.rate-limit-subject",
            Shown.ALWAYS,
            "a whole number from 1 to 1000000",
            value -> SettingForm.isNumber(value, 1, 1_000_000),
            "Requests a second of one subject, in each replica; more are answered with 429."),
    /** Requests about an organisation. */
    RATE_LIMIT_ORG(
            "analytics.access.rate-limit-org",
            Shown.ALWAYS,
            "a whole number from 1 to 1000000",
            value -> SettingForm.isNumber(value, 1, 1_000_000),
            "Requests a second about one organisation, in each replica; more are answered with 429."),
    /** Port of the API. */
    HTTP_PORT(
            "quarkus.http.port",
            Shown.ALWAYS,
            "a port from 0 to 65535",
            value -> SettingForm.isNumber(value, 0, 65_535),
            "Port of the API; 0 takes a free one."),
    /** Port of metrics and health. */
    MANAGEMENT_PORT(
            "quarkus.management.port",
            Shown.ALWAYS,
            "a port from 0 to 65535",
            value -> SettingForm.isNumber(value, 0, 65_535),
            "Port of /metrics and /q/health; 0 takes a free one."),
    /** The cache. */
    REDIS_URL(
            "quarkus.redis.hosts",
            Shown.NEVER,
            "redis://user:password@host:port, or rediss for TLS",
            SettingForm::areRedisUrls,
            "The Redis server. It holds hints only; everything works without it."),
    /** Port of the stream listener. */
    RABBITMQ_STREAM_PORT(
            "analytics.ingestion.stream.port",
            Shown.ALWAYS,
            "a port from 1 to 65535",
            value -> SettingForm.isNumber(value, 1, 65_535),
            "Port of the broker's stream listener, on the host of RABBITMQ_URL."),
    /** Which transport is read. */
    INGESTION_TRANSPORT(
            "analytics.ingestion.transport",
            Shown.ALWAYS,
            "stream or queue",
            value -> SettingForm.isOneOf(value, "stream", "queue"),
            "What the service declares, binds and reads: a stream, or a quorum queue for brokers without the stream plugin."),
    /** Events of a transaction. */
    INGESTION_BATCH_SIZE(
            "analytics.ingestion.batch-size",
            Shown.ALWAYS,
            "a whole number from 1 to 100000",
            value -> SettingForm.isNumber(value, 1, 100_000),
            "Events of one transaction, at most."),
    /** Events of a transaction while a backlog waits. */
    INGESTION_BACKLOG_BATCH_SIZE(
            "analytics.ingestion.backlog-batch-size",
            Shown.ALWAYS,
            "a whole number from 1 to 100000",
            value -> SettingForm.isNumber(value, 1, 100_000),
            "Events of one transaction, at most, while a backlog waits; where only INGESTION_BATCH_SIZE is set, that."),
    /** How long a batch is filled. */
    INGESTION_BATCH_TIMEOUT(
            "analytics.ingestion.batch-timeout",
            Shown.ALWAYS,
            Setting.DURATION,
            SettingForm::isDuration,
            "How long a writer waits for a batch to fill."),
    /** Writers. */
    INGESTION_WORKERS(
            "analytics.ingestion.workers",
            Shown.ALWAYS,
            "a whole number from 1 to 64",
            value -> SettingForm.isNumber(value, 1, 64),
            "Writers, each with a database connection of its own."),
    /** How long the stream keeps messages. */
    INGESTION_STREAM_MAX_AGE(
            "analytics.ingestion.stream.max-age",
            Shown.ALWAYS,
            Setting.SECONDS,
            SettingForm::isDurationOfSeconds,
            "How long the stream keeps messages; the outage that the service survives without loss."),
    /** How much the stream keeps. */
    INGESTION_STREAM_MAX_BYTES(
            "analytics.ingestion.stream.max-bytes",
            Shown.ALWAYS,
            "a whole number of bytes greater than 0, or nothing for no limit",
            value -> SettingForm.isNumber(value, 1, Long.MAX_VALUE),
            "How much the stream keeps, in bytes."),
    /** Pause between rollup rounds. */
    ROLLUP_INTERVAL(
            "analytics.rollup.interval",
            Shown.ALWAYS,
            Setting.DURATION,
            SettingForm::isDuration,
            "Pause between two rounds of the rollup job."),
    /** Life of the cached freshness. */
    FRESHNESS_CACHE_TTL(
            "analytics.freshness.cache-ttl",
            Shown.ALWAYS,
            Setting.DURATION,
            SettingForm::isDuration,
            "How long the freshness hints in Redis live."),
    /** Storage flavour. */
    STORAGE_FLAVOUR(
            "analytics.storage-flavour",
            Shown.ALWAYS,
            "auto, timescale or postgres",
            value -> SettingForm.isOneOf(value, "auto", "timescale", "postgres"),
            "How events are stored; auto uses TimescaleDB where the server offers it, and keeps what the database has."),
    /** The object store. */
    S3_ENDPOINT(
            "analytics.s3.endpoint",
            Shown.NEVER,
            "https://host:port",
            value -> SettingForm.isUrl(value, Set.of("http", "https")),
            "The S3-compatible store of the exports; without it they answer 503."),
    /** The object store, as readers reach it. */
    S3_PUBLIC_ENDPOINT(
            "analytics.s3.public-endpoint",
            Shown.NEVER,
            "https://host:port",
            value -> SettingForm.isUrl(value, Set.of("http", "https")),
            "The address of the store in signed addresses, if readers reach it by another."),
    /** Access key. */
    S3_ACCESS_KEY(
            "analytics.s3.access-key",
            Shown.NEVER,
            "an access key",
            value -> true,
            "Access key of the store; without any key the usual places of AWS are searched."),
    /** File with the access key. */
    S3_ACCESS_KEY_FILE(
            "analytics.s3.access-key-file",
            Shown.ALWAYS,
            Setting.FILE,
            SettingForm::isFileWithText,
            "File with the access key, instead of S3_ACCESS_KEY."),
    /** Secret key. */
    S3_SECRET_KEY("analytics.s3.secret-key", Shown.NEVER, "a secret key", value -> true, "Secret key of the store."),
    /** File with the secret key. */
    S3_SECRET_KEY_FILE(
            "analytics.s3.secret-key-file",
            Shown.ALWAYS,
            Setting.FILE,
            SettingForm::isFileWithText,
            "File with the secret key, instead of S3_SECRET_KEY."),
    /** Bucket. */
    S3_BUCKET(
            "analytics.s3.bucket",
            Shown.ALWAYS,
            "the name of a bucket",
            value -> value.matches("[A-Za-z0-9._-]{3,63}"),
            "Bucket of the exports; it must exist."),
    /** Region. */
    S3_REGION(
            "analytics.s3.region",
            Shown.ALWAYS,
            "a region such as eu-central-1",
            value -> value.matches("[A-Za-z0-9-]{1,64}"),
            "Region that requests are signed for."),
    /** Form of the addresses. */
    S3_PATH_STYLE(
            "analytics.s3.path-style",
            Shown.ALWAYS,
            "true or false",
            SettingForm::isBoolean,
            "Whether the bucket stands in the path and not in the host name."),
    /** Encryption in the store. */
    S3_SERVER_SIDE_ENCRYPTION(
            "analytics.s3.server-side-encryption",
            Shown.ALWAYS,
            "AES256, aws:kms or none",
            Set.of("AES256", "aws:kms", "none")::contains,
            "Encryption that the store is asked for."),
    /** Key of the encryption. */
    S3_KMS_KEY_ID(
            "analytics.s3.kms-key-id",
            Shown.ALWAYS,
            "the id of a key",
            value -> true,
            "Key for aws:kms; without it the bucket's own."),
    /** Pause of the export worker. */
    EXPORT_WORKER_INTERVAL(
            "analytics.export.worker-interval",
            Shown.ALWAYS,
            Setting.DURATION,
            SettingForm::isDuration,
            "How often each replica looks for export jobs."),
    /** Exports at a time. */
    EXPORT_WORKER_CONCURRENCY(
            "analytics.export.worker-concurrency",
            Shown.ALWAYS,
            "a whole number from 1 to 64",
            value -> SettingForm.isNumber(value, 1, 64),
            "Exports that a replica makes at a time."),
    /** Life of signed addresses. */
    EXPORT_SIGNED_URL_TTL(
            "analytics.export.signed-url-ttl",
            Shown.ALWAYS,
            Setting.SECONDS,
            SettingForm::isDurationOfSeconds,
            "How long a signed address lives, at most 7 days."),
    /** Anthropic's interface. */
    ANTHROPIC_API_URL(
            "analytics.providers.anthropic-url",
            Shown.NEVER,
            "https://host:port",
            value -> SettingForm.isUrl(value, Set.of("http", "https")),
            "Anthropic's Admin API, or what stands in for it."),
    /** Admin key of Anthropic. */
    ANTHROPIC_ADMIN_API_KEY(
            "analytics.providers.anthropic-key",
            Shown.NEVER,
            "an Admin API key",
            value -> true,
            "Admin API key of Anthropic; without one its bills are not imported."),
    /** File with the admin key of Anthropic. */
    ANTHROPIC_ADMIN_API_KEY_FILE(
            "analytics.providers.anthropic-key-file",
            Shown.ALWAYS,
            Setting.FILE,
            SettingForm::isFileWithText,
            "File with the Admin API key, instead of ANTHROPIC_ADMIN_API_KEY."),
    /** Organisation at Anthropic. */
    ANTHROPIC_ORGANIZATION_ID(
            "analytics.providers.anthropic-organization",
            Shown.ALWAYS,
            "the id of an organisation",
            value -> value.matches("[A-Za-z0-9_.-]{1,100}"),
            "Organisation that the Admin API key must belong to; without it the key's own."),
    /** Cursor's interface. */
    CURSOR_API_URL(
            "analytics.providers.cursor-url",
            Shown.NEVER,
            "https://host:port",
            value -> SettingForm.isUrl(value, Set.of("http", "https")),
            "Cursor's Admin API, or what stands in for it."),
    /** Key of Cursor. */
    CURSOR_API_KEY(
            "analytics.providers.cursor-key",
            Shown.NEVER,
            "a key of a team admin",
            value -> true,
            "Key of Cursor's Admin API; without one its bills are not imported."),
    /** File with the key of Cursor. */
    CURSOR_API_KEY_FILE(
            "analytics.providers.cursor-key-file",
            Shown.ALWAYS,
            Setting.FILE,
            SettingForm::isFileWithText,
            "File with the key of Cursor, instead of CURSOR_API_KEY."),
    /** Where traces go. */
    OTEL_EXPORTER_OTLP_ENDPOINT(
            "analytics.tracing.endpoint",
            Shown.NEVER,
            "http://host:4318 (OTLP over HTTP), or http://host:4317 (gRPC)",
            value -> SettingForm.isUrl(value, Set.of("http", "https")),
            "Where traces are sent; without it there are none."),
    /** How traces travel. */
    OTEL_EXPORTER_OTLP_PROTOCOL(
            "analytics.tracing.protocol",
            Shown.ALWAYS,
            "grpc or http/protobuf",
            value -> SettingForm.isOneOf(value, "grpc", "http/protobuf"),
            "How traces are sent; by default what the port of the endpoint stands for."),
    /** How long a stop is announced. */
    SHUTDOWN_DELAY(
            "quarkus.shutdown.delay",
            Shown.ALWAYS,
            "a duration such as 5s, or 0s",
            value -> SettingForm.isDuration(value) || value.matches("0+(ms|[sS])?"),
            "How long after SIGTERM the service still answers, while readiness is 503 already; longer than a load balancer takes to notice."),
    /** How much is logged. */
    LOG_LEVEL(
            "analytics.logging.level",
            Shown.ALWAYS,
            "error, warn, info or debug",
            value -> SettingForm.isOneOf(value, "error", "warn", "info", "debug"),
            "The least important lines of the service that are logged; those of libraries stay at info or above.");

    /** What must be there: without one of these the server has nothing to work with. */
    private static final List<Setting> REQUIRED = List.of(DATABASE_URL, RABBITMQ_URL);

    private static final String DURATION = "a duration greater than 0 such as 200ms, 5s, 1h, 7d or PT1M30S";
    private static final String SECONDS = "a duration of at least 1s such as 5s, 1h, 7d or PT1M30S";
    private static final String FILE = "the path of a readable file with text in it";
    private static final int SHOWN_CHARACTERS_MAX = 60;

    /** Whether an error may quote the value: never where it can hold a password. */
    private enum Shown {
        ALWAYS,
        NEVER
    }

    private final String property;
    private final Shown shown;
    private final String expected;
    private final Predicate<String> rule;
    private final String meaning;

    Setting(String property, Shown shown, String expected, Predicate<String> rule, String meaning) {
        this.property = property;
        this.shown = shown;
        this.expected = expected;
        this.rule = rule;
        this.meaning = meaning;
    }

    /** The property that it sets. */
    public String property() {
        return property;
    }

    /** What a value looks like. */
    public String expected() {
        return expected;
    }

    /** What it is for, one sentence or two. */
    public String meaning() {
        return meaning;
    }

    /** Whether the server does not start without it; of the two for the tokens' key one is needed. */
    public boolean required() {
        return REQUIRED.contains(this);
    }

    /** What to tell about a value that is given; empty when it is well formed. */
    Optional<String> fault(String value) {
        if (rule.test(value)) {
            return Optional.empty();
        }
        if (this == JWT_PUBLIC_KEY) {
            return TokenKey.fault(value).map(fault -> "%s: %s (expected: %s)".formatted(name(), fault, expected));
        }
        return Optional.of(
                shown == Shown.ALWAYS
                        ? "%s: %s (expected: %s)".formatted(name(), printable(value), expected)
                        : "%s is malformed (expected: %s)".formatted(name(), expected));
    }

    /** What to tell when there is no value. */
    String missing() {
        return "%s is not set (expected: %s)".formatted(name(), expected);
    }

    private static String printable(String value) {
        String line = value.replaceAll("[^ -~]", "?");
        return line.length() <= SHOWN_CHARACTERS_MAX ? line : line.substring(0, SHOWN_CHARACTERS_MAX) + "…";
    }
}
