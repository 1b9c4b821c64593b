package io.inference.analytics.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.TlsProxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PostgreSQL and RabbitMQ over TLS: the service works, and refuses servers whose certificate it does not trust. */
class TlsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final String PASSWORD = "changeit";
    private static final TestBackends BACKENDS = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ);

    @TempDir
    static Path directory;

    private static Map<String, String> plain;
    private static Map<String, String> secured;
    private static final List<AutoCloseable> OPEN = new ArrayList<>();

    @BeforeAll
    static void putTlsInFront() throws Exception {
        plain = BACKENDS.start();
        keytool(
                "-genkeypair",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost",
                "-keystore",
                "key.p12",
                "-alias",
                "server",
                "-validity",
                "2");
        keytool("-exportcert", "-rfc", "-keystore", "key.p12", "-alias", "server", "-file", "server.pem");
        keytool(
                "-genkeypair",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=other",
                "-keystore",
                "other.p12",
                "-alias",
                "other");
        keytool("-exportcert", "-rfc", "-keystore", "other.p12", "-alias", "other", "-file", "other.pem");
        secured = new HashMap<>(plain);
        secured.put(
                "DATABASE_URL", behind(plain.get("DATABASE_URL"), TlsProxy.Greeting.POSTGRES) + "?sslmode=verify-full");
        secured.put(
                "RABBITMQ_URL",
                behind(plain.get("RABBITMQ_URL"), TlsProxy.Greeting.NONE).replaceFirst("^amqp:", "amqps:"));
        URI broker = URI.create(plain.get("RABBITMQ_URL"));
        TlsProxy stream = new TlsProxy(
                directory.resolve("key.p12"),
                PASSWORD.toCharArray(),
                TlsProxy.Greeting.NONE,
                broker.getHost(),
                Integer.parseInt(plain.get("RABBITMQ_STREAM_PORT")));
        OPEN.add(stream);
        secured.put("RABBITMQ_STREAM_PORT", Integer.toString(stream.port()));
    }

    @AfterAll
    static void end() throws Exception {
        for (AutoCloseable one : OPEN) {
            one.close();
        }
        BACKENDS.stop();
    }

    private static void keytool(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(Arrays.asList(arguments));
        command.addAll(List.of("-storepass", PASSWORD, "-storetype", "PKCS12"));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("keytool.log").toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue())
                .as(Files.readString(directory.resolve("keytool.log")))
                .isZero();
    }

    private static String behind(String url, TlsProxy.Greeting greeting) {
        URI uri = URI.create(url);
        TlsProxy proxy = new TlsProxy(
                directory.resolve("key.p12"), PASSWORD.toCharArray(), greeting, uri.getHost(), uri.getPort());
        OPEN.add(proxy);
        return url.replace("@" + uri.getHost() + ":" + uri.getPort(), "@localhost:" + proxy.port());
    }

    @ParameterizedTest
    @ValueSource(strings = {"queue", "stream"})
    void theServiceWorksOverTls(String transport) throws Exception {
        Map<String, String> settings = new HashMap<>(secured);
        settings.put("INGESTION_TRANSPORT", transport);
        settings.put("TRUSTED_CA_FILE", directory.resolve("server.pem").toString());
        Sql database = new Sql(plain.get("DATABASE_URL"));
        List<byte[]> bodies = SampleEvents.bodies(
                new SampleOptions(100, 2, 2, 0, 5, 0, 0, 0, 0, transport.length(), Instant.now(), Duration.ZERO));
        try (ServiceProcess service =
                ServiceProcess.start(List.of("-Xmx256m"), settings).awaitReady()) {
            long before = database.number("select count(*) from analytics.usage_events");
            try (ConfirmedPublisher publisher = new ConfirmedPublisher(plain.get("RABBITMQ_URL"), Clock.systemUTC())) {
                for (byte[] body : bodies) {
                    publisher.publish(body);
                }
                publisher.awaitConfirms();
            }
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(database.number("select count(*) from analytics.usage_events"))
                            .as(service.log())
                            .isEqualTo(before + bodies.size()));
        }
    }

    @Test
    void certificatesThatAreNotTrustedEndTheConversation() {
        Map<String, String> wrong = new HashMap<>(secured);
        // This process trusts what Java trusts, which a certificate made a minute ago is not.
        CommandProcess.Result letters = CommandProcess.run(wrong, "dlq", "list");
        assertThat(letters.exitCode()).as(letters.toString()).isEqualTo(1);
        assertThat(letters.err()).contains("analytics: RABBITMQ_URL", "not trusted", "TRUSTED_CA_FILE");
        wrong.put("DATABASE_URL", secured.get("DATABASE_URL") + "&sslrootcert=" + directory.resolve("other.pem"));
        CommandProcess.Result conservation = CommandProcess.run(wrong, "conservation");
        assertThat(conservation.exitCode()).as(conservation.toString()).isEqualTo(1);
        assertThat(conservation.err()).contains("analytics: DATABASE_URL", "not trusted", "TRUSTED_CA_FILE");
    }
}
