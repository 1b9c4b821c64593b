package io.inference.analytics.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.devtools.StoredDocument;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.PrivateAuthority;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.TlsProxy;
import io.inference.analytics.testing.Tokens;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts that fail, with real servers: each says in one line what is wrong, and the page quotes the line. */
class FirstMinutesIT {

    private static final TestBackends BACKENDS = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ);

    @TempDir
    static Path directory;

    private static Map<String, String> good;
    private static URI database;
    private static URI broker;

    private final List<FirstMinutesPage.Case> cases = new ArrayList<>();

    @BeforeAll
    static void start() throws SQLException {
        good = BACKENDS.start();
        database = URI.create(good.get("DATABASE_URL"));
        broker = URI.create(good.get("RABBITMQ_URL"));
        Sql sql = new Sql(good.get("DATABASE_URL"));
        sql.execute("drop role if exists newcomer");
        sql.execute("create role newcomer login password 'example-4711'");
    }

    @AfterAll
    static void stop() {
        BACKENDS.stop();
    }

    @Test
    void everyFailureIsOneLineAndTheStoredPageQuotesIt() throws Exception {
        String hostAndPath = database.getHost() + ":" + database.getPort() + database.getPath();
        say("Nothing is set", Map.of("DATABASE_URL", "", "RABBITMQ_URL", "", "JWT_PUBLIC_KEY", ""));
        say("The address is not one", Map.of("DATABASE_URL", "db.example.com/analytics"));
        say("The port of the API is taken", Map.of());
        say(
                "No PostgreSQL at this address",
                Map.of("DATABASE_URL", "postgres://analytics:example-4711@127.0.0.1:1/analytics"));
        say(
                "The host of the database is unknown",
                Map.of("DATABASE_URL", "postgres://analytics:example-4711@db.invalid/analytics"));
        say(
                "The password of the database is wrong",
                Map.of("DATABASE_URL", "postgres://newcomer:wrong@" + hostAndPath));
        say(
                "The database does not exist",
                Map.of("DATABASE_URL", good.get("DATABASE_URL").replace(database.getPath(), "/nowhere")));
        say(
                "The database demands TLS that the server lacks",
                Map.of("DATABASE_URL", good.get("DATABASE_URL") + "?sslmode=require"));
        say(
                "The user has no rights on the schema",
                Map.of("DATABASE_URL", "postgres://newcomer:example-4711@" + hostAndPath));
        say(
                "No RabbitMQ at this address",
                Map.of("RABBITMQ_URL", "amqp://analytics:example-4711@127.0.0.1:1/"),
                "stream",
                "status");
        say(
                "The virtual host does not exist",
                Map.of(
                        "RABBITMQ_URL",
                        "amqp://" + broker.getRawUserInfo() + "@" + broker.getHost() + ":" + broker.getPort()
                                + "/nowhere"),
                "stream",
                "status");
        say(
                "The password of the broker is wrong",
                Map.of("RABBITMQ_URL", "amqp://newcomer:wrong@" + broker.getHost() + ":" + broker.getPort()),
                "stream",
                "status");
        say("The broker has no stream plugin", Map.of("RABBITMQ_STREAM_PORT", "1"), "stream", "status");
        unknownAuthority();
        say("The key for tokens is not there", Map.of("JWT_PUBLIC_KEY", "/etc/analytics/jwt.pem"));
        say("The key for tokens is the private one", Map.of("JWT_PUBLIC_KEY", privateKey()));
        say(
                "The key of a local stack is set in production",
                Map.of("CONSOLE_LOCAL_KEY", Tokens.keyFile(good).toString()));
        StoredDocument.assertStored(FirstMinutesPage.PAGE, FirstMinutesPage.text(cases));
    }

    private void unknownAuthority() throws Exception {
        try (TlsProxy tls = new PrivateAuthority(directory, "localhost")
                .inFrontOf(TlsProxy.Greeting.NONE, broker.getHost(), broker.getPort())) {
            say(
                    "The certificate of the broker is from an authority that the machine does not know",
                    Map.of("RABBITMQ_URL", "amqps://" + broker.getRawUserInfo() + "@localhost:" + tls.port()),
                    "stream",
                    "status");
        }
    }

    /** Runs the service, or a command of it, and keeps what it says. */
    private void say(String title, Map<String, String> faults, String... command) {
        Map<String, String> settings = new HashMap<>(good);
        settings.putAll(faults);
        CommandProcess.Result result = CommandProcess.run(settings, command);
        List<String> lines = (result.out() + result.err())
                .lines()
                .filter(line -> line.startsWith("analytics: "))
                .map(FirstMinutesIT::withoutPlaces)
                .toList();
        assertThat(result.exitCode()).as(title + ": " + result).isEqualTo(1);
        assertThat(lines).as(title + ": " + result).isNotEmpty();
        assertThat(result.out() + result.err()).doesNotContain("example-4711", "\tat ");
        cases.add(new FirstMinutesPage.Case(title, lines));
    }

    /** Ports, names of databases and files are other ones in each run. */
    private static String withoutPlaces(String line) {
        return line.replaceAll("t_[0-9a-f]{32}", "analytics")
                .replaceAll("(?<=(127\\.0\\.0\\.1|localhost|port)[: ])\\d{2,5}", "PORT")
                .replaceAll("/\\S*/private-key[^ :;,)]*", "/etc/analytics/private.pem");
    }

    private static String privateKey() throws IOException {
        Path file = Files.createTempFile("private-key", ".pem");
        Files.writeString(file, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        return file.toString();
    }
}
