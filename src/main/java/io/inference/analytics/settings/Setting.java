package io.inference.analytics.settings;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The settings that come from the environment. This is the only place that declares one: its name there, its property, its
 * default, the form of its values, and its meaning. {@link SettingSource} hands variables and defaults to the properties.
 *
 * <p>All values are checked before anything starts, so that every fault is reported at once and nothing has happened yet.
 */
public enum Setting {
    DATABASE_URL(
            "analytics.database.url",
            "",
            SettingForm.databaseUrl(),
            "The PostgreSQL server and database, with user and password."),
    RABBITMQ_URL(
            "analytics.rabbitmq.url",
            "",
            SettingForm.brokerUrl(),
            "The RabbitMQ server and virtual host. No path, a single slash and %2F mean the virtual host named /. Several nodes of a cluster are separated by commas: host1:port,host2:port."),
    JWT_PUBLIC_KEY(
            "analytics.access.jwt-public-key",
            "",
            SettingForm.tokenKey(),
            "The public key (RSA or P-256) that tokens are checked with."),
    JWT_JWKS_URL(
            "analytics.access.jwt-jwks-url",
            "",
            SettingForm.httpUrl("https://host/path of a JSON Web Key Set"),
            "The address of the tokens' key set, instead of JWT_PUBLIC_KEY. It is read again every 5 minutes, and at once when a token names an unknown key."),
    JWT_ISSUER(
            "analytics.access.jwt-issuer",
            "https://analytics.localhost",
            SettingForm.text("a name or URL"),
            "The issuer that tokens must name (iss)."),
    JWT_AUDIENCE(
            "analytics.access.jwt-audience",
            "analytics",
            SettingForm.text("a name"),
            "The audience that tokens must name (aud)."),
    AUTH_ROLES_CLAIM(
            "analytics.access.roles-claim",
            "roles",
            SettingForm.claim(),
            "The claim of a token with the caller's roles: a name, or a path such as realm_access.roles. A single string counts as one role."),
    AUTH_ORGS_CLAIM(
            "analytics.access.orgs-claim",
            "orgs",
            SettingForm.claim(),
            "The claim of a token with the ids of the caller's organisations: a name or a path, as for AUTH_ROLES_CLAIM."),
    CONSOLE_OIDC_CLIENT_ID(
            "analytics.console.oidc-client-id",
            "",
            SettingForm.matching("the id of a public client", "[!-~]{1,200}"),
            "The console's client id at the OpenID Connect provider. With it, viewers can sign in there; without it, they paste a token or a key."),
    CONSOLE_OIDC_ISSUER(
            "analytics.console.oidc-issuer",
            "",
            SettingForm.httpUrl("https://host/path"),
            "The provider where viewers of the console sign in; without it, JWT_ISSUER. The page may call this host, and those of its token endpoint and end of session."),
    CONSOLE_OIDC_SCOPES(
            "analytics.console.oidc-scopes",
            "openid",
            SettingForm.matching("openid and other scopes, separated by blanks", "[!-~]+( [!-~]+)*"),
            "What the console asks for at the provider. Many give a refresh token only for offline_access."),
    CONSOLE_OIDC_AUDIENCE(
            "analytics.console.oidc-audience",
            "",
            SettingForm.text("a name"),
            "The audience to ask for, as Auth0 needs."),
    CONSOLE_LOCAL_KEY(
            "analytics.console.local-key",
            "",
            SettingForm.localKey(),
            "The private key to JWT_PUBLIC_KEY. With it, one click in a browser on this machine signs in to the console with all rights. Only profile local accepts it."),
    ENABLE_RBAC(
            "analytics.access.rbac-enabled",
            "true",
            SettingForm.oneOf("true", "false"),
            "Whether credentials and permissions are checked. Profile prod refuses false."),
    AUDIT_REQUIRED(
            "analytics.audit.required",
            "true",
            SettingForm.oneOf("true", "false"),
            "Whether a request is refused with 503 when its audit entry cannot be committed. Otherwise it is answered."),
    RATE_LIMIT_SUBJECT(
            "analytics.access.rate-limit-subject",
            "500",
            SettingForm.number(1, 1_000_000),
            "Requests per second from one subject, in each replica; more are answered with 429."),
    RATE_LIMIT_ORG(
            "analytics.access.rate-limit-org",
            "1000",
            SettingForm.number(1, 1_000_000),
            "Requests per second about one organisation, in each replica; more are answered with 429."),
    HTTP_PORT("quarkus.http.port", "8084", SettingForm.port(0), "Port of the API; 0 takes a free one."),
    MANAGEMENT_PORT(
            "quarkus.management.port",
            "9084",
            SettingForm.port(0),
            "Port of /metrics and /q/health; 0 takes a free one."),
    HTTP_ROOT_PATH(
            "analytics.http.root-path",
            "",
            SettingForm.matching("a path such as /usage, without a slash at its end", "(/[A-Za-z0-9._~-]+)+"),
            "The path under which a proxy publishes the API, if the proxy removes it before it passes requests on. Location headers begin with it."),
    TRUSTED_PROXIES(
            "analytics.http.trusted-proxies",
            "",
            SettingForm.addressRanges(),
            "Reverse proxies in front of the API. Behind one of these addresses, the limits per address count the client that X-Forwarded-For names."),
    HTTPS_PROXY(
            "analytics.network.https-proxy",
            "",
            SettingForm.address("http://host:port", OutboundProxy::read),
            "The proxy for the service's own requests to https addresses: key sets, providers, S3. Other connections are direct."),
    NO_PROXY(
            "analytics.network.no-proxy",
            "",
            SettingForm.text("hosts, domains and ranges of addresses, separated by commas"),
            "Hosts, with their subdomains, and ranges such as 10.0.0.0/8 that are reached without HTTPS_PROXY. This machine always is."),
    TRUSTED_CA_FILE(
            "analytics.network.trusted-ca-file",
            "",
            SettingForm.certificates(),
            "Authorities whose certificates PostgreSQL, RabbitMQ, Redis, S3, key sets and providers may have, in addition to the public ones."),
    REDIS_URL(
            "quarkus.redis.hosts",
            "redis://localhost:6379",
            SettingForm.redisUrls(),
            "The Redis server. It holds hints only; everything works without it."),
    RABBITMQ_STREAM_PORT(
            "analytics.ingestion.stream.port",
            "5552",
            SettingForm.port(1),
            "Port of the broker's stream listener, on the host of RABBITMQ_URL."),
    INGESTION_TRANSPORT(
            "analytics.ingestion.transport",
            "stream",
            SettingForm.oneOf("stream", "queue"),
            "What the service declares, binds and reads: a stream, or a quorum queue for brokers without the stream plugin."),
    INGESTION_BATCH_SIZE(
            "analytics.ingestion.batch-size",
            "1000",
            SettingForm.number(1, 100_000),
            "Most events in one transaction."),
    INGESTION_BACKLOG_BATCH_SIZE(
            "analytics.ingestion.backlog-batch-size",
            // INGESTION_BATCH_SIZE, where set, bounds every batch unless this one is set as well.
            "${INGESTION_BATCH_SIZE:5000}",
            SettingForm.number(1, 100_000),
            "Most events in one transaction while a backlog waits. Where only INGESTION_BATCH_SIZE is set, its value counts here too."),
    INGESTION_BATCH_TIMEOUT(
            "analytics.ingestion.batch-timeout",
            "200ms",
            SettingForm.duration(),
            "How long a writer waits for a batch to fill."),
    INGESTION_WORKERS(
            "analytics.ingestion.workers",
            "4",
            SettingForm.number(1, 64),
            "Writers, at most one per lane; each has its own database connection."),
    INGESTION_LANES(
            "analytics.ingestion.lanes",
            "4",
            SettingForm.number(1, 64),
            "Lanes that commit in parallel. An organisation has one lane, so a slow one delays no other lane. May be changed at any time."),
    INGESTION_STREAM_PARTITIONS(
            "analytics.ingestion.stream.partitions",
            "1",
            SettingForm.number(1, 16),
            "Partitions of the super stream, which several replicas read (RabbitMQ 3.11 or newer). With 1 there is one stream, which one replica reads. May be changed at any time."),
    INGESTION_STREAM_MAX_AGE(
            "analytics.ingestion.stream.max-age",
            "7d",
            SettingForm.seconds(),
            "How long the stream keeps messages, and so the longest outage of the service without loss."),
    INGESTION_STREAM_MAX_BYTES(
            "analytics.ingestion.stream.max-bytes", "", SettingForm.bytes(), "How much the stream keeps, in bytes."),
    ROLLUP_INTERVAL(
            "analytics.rollup.interval", "5s", SettingForm.duration(), "Pause between two rounds of the rollup job."),
    FRESHNESS_CACHE_TTL(
            "analytics.freshness.cache-ttl",
            "60s",
            SettingForm.duration(),
            "How long Redis keeps the freshness hints."),
    STORAGE_FLAVOUR(
            "analytics.storage-flavour",
            "auto",
            SettingForm.oneOf("auto", "timescale", "postgres", "citus"),
            "How events are stored. With auto, an empty database uses Citus where the extension has been created in it, else TimescaleDB where the server offers it; a migrated one keeps what it has."),
    S3_ENDPOINT(
            "analytics.s3.endpoint",
            "",
            SettingForm.httpUrl("https://host:port"),
            "The S3-compatible store of the exports; without it they are answered with 503."),
    S3_PUBLIC_ENDPOINT(
            "analytics.s3.public-endpoint",
            "",
            SettingForm.httpUrl("https://host:port"),
            "The store's address in signed URLs, if readers reach it by a different one."),
    S3_ACCESS_KEY(
            "analytics.s3.access-key",
            "",
            SettingForm.secret("an access key"),
            "Access key of the store. Without any key the SDK searches the usual places of AWS."),
    S3_ACCESS_KEY_FILE(
            "analytics.s3.access-key-file",
            "",
            SettingForm.file(),
            "File with the access key, instead of S3_ACCESS_KEY."),
    S3_SECRET_KEY("analytics.s3.secret-key", "", SettingForm.secret("a secret key"), "Secret key of the store."),
    S3_SECRET_KEY_FILE(
            "analytics.s3.secret-key-file",
            "",
            SettingForm.file(),
            "File with the secret key, instead of S3_SECRET_KEY."),
    S3_BUCKET(
            "analytics.s3.bucket",
            "analytics-exports",
            SettingForm.matching("the name of a bucket", "[A-Za-z0-9._-]{3,63}"),
            "Bucket of the exports; it must exist."),
    S3_REGION(
            "analytics.s3.region",
            "us-east-1",
            SettingForm.matching("a region such as eu-central-1", "[A-Za-z0-9-]{1,64}"),
            "Region that requests are signed for."),
    S3_PATH_STYLE(
            "analytics.s3.path-style",
            "true",
            SettingForm.oneOf("true", "false"),
            "Whether the bucket stands in the path and not in the host name."),
    S3_SERVER_SIDE_ENCRYPTION(
            "analytics.s3.server-side-encryption",
            "AES256",
            SettingForm.exactlyOneOf("AES256", "aws:kms", "none"),
            "Encryption that the service requests from the store."),
    S3_KMS_KEY_ID(
            "analytics.s3.kms-key-id",
            "",
            SettingForm.text("the id of a key"),
            "Key for aws:kms; without it the bucket's default key."),
    EXPORT_WORKER_INTERVAL(
            "analytics.export.worker-interval",
            "5s",
            SettingForm.duration(),
            "How often each replica looks for export jobs."),
    EXPORT_WORKER_CONCURRENCY(
            "analytics.export.worker-concurrency",
            "2",
            SettingForm.number(1, 64),
            "Export jobs that a replica runs at the same time."),
    EXPORT_SIGNED_URL_TTL(
            "analytics.export.signed-url-ttl",
            "24h",
            SettingForm.seconds(),
            "How long a signed URL is valid, at most 7 days."),
    WEBHOOK_PRIVATE_HOSTS(
            "analytics.webhooks.private-hosts",
            "",
            SettingForm.matching(
                    "host names or addresses, separated by commas", "[A-Za-z0-9._:-]+(,[A-Za-z0-9._:-]+)*"),
            "Hosts that webhooks may reach although their addresses are private, and without TLS. All others must have public addresses and https."),
    ANTHROPIC_API_URL(
            "analytics.providers.anthropic-url",
            "https://api.anthropic.com",
            SettingForm.httpUrl("https://host:port"),
            "Anthropic's Admin API, or a substitute."),
    ANTHROPIC_ADMIN_API_KEY(
            "analytics.providers.anthropic-key",
            "",
            SettingForm.secret("an Admin API key"),
            "Admin API key of Anthropic; without one its bills are not imported."),
    ANTHROPIC_ADMIN_API_KEY_FILE(
            "analytics.providers.anthropic-key-file",
            "",
            SettingForm.file(),
            "File with the Admin API key, instead of ANTHROPIC_ADMIN_API_KEY."),
    ANTHROPIC_ORGANIZATION_ID(
            "analytics.providers.anthropic-organization",
            "",
            SettingForm.matching("the id of an organisation", "[A-Za-z0-9_.-]{1,100}"),
            "Organisation that the Admin API key must belong to; without it, the key's own organisation counts."),
    CURSOR_API_URL(
            "analytics.providers.cursor-url",
            "https://api.cursor.com",
            SettingForm.httpUrl("https://host:port"),
            "Cursor's Admin API, or a substitute."),
    CURSOR_API_KEY(
            "analytics.providers.cursor-key",
            "",
            SettingForm.secret("a key of a team admin"),
            "Key of Cursor's Admin API; without one its bills are not imported."),
    CURSOR_API_KEY_FILE(
            "analytics.providers.cursor-key-file",
            "",
            SettingForm.file(),
            "File with the key of Cursor, instead of CURSOR_API_KEY."),
    OPENAI_API_URL(
            "analytics.providers.openai-url",
            "https://api.openai.com",
            SettingForm.httpUrl("https://host:port"),
            "OpenAI's Costs and Usage APIs, or a substitute."),
    OPENAI_ADMIN_API_KEY(
            "analytics.providers.openai-key",
            "",
            SettingForm.secret("an admin key"),
            "Admin key of OpenAI; without one its bills are not imported."),
    OPENAI_ADMIN_API_KEY_FILE(
            "analytics.providers.openai-key-file",
            "",
            SettingForm.file(),
            "File with the admin key of OpenAI, instead of OPENAI_ADMIN_API_KEY."),
    OTEL_EXPORTER_OTLP_ENDPOINT(
            "analytics.tracing.endpoint",
            "",
            SettingForm.httpUrl("http://host:4318 (OTLP over HTTP), or http://host:4317 (gRPC)"),
            "Where traces are sent; without it none are recorded."),
    OTEL_EXPORTER_OTLP_PROTOCOL(
            "analytics.tracing.protocol",
            "",
            SettingForm.oneOf("grpc", "http/protobuf"),
            "How traces are sent; by default the protocol that the endpoint's port stands for."),
    SHUTDOWN_DELAY(
            "quarkus.shutdown.delay",
            "5s",
            SettingForm.durationOrZero(),
            "How long the service still answers after SIGTERM, while readiness is already 503. It must be longer than a load balancer needs to notice."),
    LOG_LEVEL(
            "analytics.logging.level",
            "info",
            SettingForm.oneOf("error", "warn", "info", "debug"),
            "The lowest level of the service's own log lines; libraries stay at info or above.");

    /** Without one of these the server has nothing to work with. */
    private static final List<Setting> REQUIRED = List.of(DATABASE_URL, RABBITMQ_URL);

    private final String property;
    private final String byDefault;
    private final SettingForm form;
    private final String meaning;

    Setting(String property, String byDefault, SettingForm form, String meaning) {
        this.property = property;
        this.byDefault = byDefault;
        this.form = form;
        this.meaning = meaning;
    }

    /** The setting with this variable or property; empty where none has it. */
    public static Optional<Setting> of(String variableOrProperty) {
        return Arrays.stream(values())
                .filter(setting ->
                        setting.name().equals(variableOrProperty) || setting.property.equals(variableOrProperty))
                .findFirst();
    }

    public String property() {
        return property;
    }

    /** The value where none is given, perhaps with an expression in it; empty where there is none. */
    public String byDefault() {
        return byDefault;
    }

    /** What a value looks like. */
    public String expected() {
        return form.expected();
    }

    /** What the setting is for, in one or two sentences. */
    public String meaning() {
        return meaning;
    }

    /** Whether the server refuses to start without it. One of the two settings for tokens' keys is needed as well. */
    public boolean required() {
        return REQUIRED.contains(this);
    }

    /** Whether an error may quote a value: never where it can hold a password. */
    public boolean secret() {
        return form.secret();
    }

    /** The report of a value that is given; empty when the value is well formed. */
    Optional<String> fault(String value) {
        return form.fault(value).map(fault -> name() + fault + expectation());
    }

    /** The report that there is no value. */
    public String missing() {
        return name() + " is not set" + expectation();
    }

    /** The report of a malformed value that must not be quoted, with a reason that may be empty. */
    public String malformed(String reason) {
        return name() + SettingForm.malformed(reason) + expectation();
    }

    private String expectation() {
        return " (expected: " + expected() + ")";
    }
}
