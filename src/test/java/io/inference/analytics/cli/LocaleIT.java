package io.inference.analytics.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.CommandProcess.Result;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.Tokens;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Languages with other digits, another comma, or a lower-case I without its dot change nothing of what the process says. */
class LocaleIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String FOREIGN_DIGIT = "[\\p{Nd}&&[^0-9]]";

    private static final TestBackends BACKENDS = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ);
    private static Map<String, String> settings;
    private static Sql database;

    @BeforeAll
    static void begin() {
        settings = BACKENDS.start();
        database = new Sql(settings.get("DATABASE_URL"));
    }

    @AfterAll
    static void end() {
        BACKENDS.stop();
    }

    private static long stored() {
        return database.number("select count(*) from analytics.usage_events");
    }

    private static void publish() throws Exception {
        SampleOptions options = new SampleOptions(60, 1, 1, 2, 1, 1, 0, 0, 0, 21, Instant.now(), Duration.ZERO);
        try (ConfirmedPublisher publisher = new ConfirmedPublisher(settings.get("RABBITMQ_URL"), Clock.systemUTC())) {
            for (byte[] body : SampleEvents.bodies(options)) {
                publisher.publish(body);
            }
            publisher.awaitConfirms();
        }
    }

    @ParameterizedTest
    @CsvSource({"fa, IR", "ar, EG", "tr, TR", "de, DE"})
    void theMachinesLanguageChangesNoOutput(String language, String country) throws Exception {
        List<String> options = List.of("-Duser.language=" + language, "-Duser.country=" + country);
        try (ServiceProcess service = ServiceProcess.start(options, settings).awaitReady()) {
            publish();
            await().atMost(PATIENCE).until(() -> stored() > 0);
            UUID org = UUID.fromString(database.text("select org_id from analytics.usage_events limit 1"));
            String token = Tokens.sign(Tokens.claims(List.of("org-admin", "engineer"), org), settings);
            String range = "start=" + Instant.now().minus(23, ChronoUnit.HOURS) + "&end=" + Instant.now();
            String orgPath = "/analytics/v1/orgs/" + org;
            String usage = orgPath + "/usage?granularity=hour&" + range;
            for (HttpResponse<String> answer : List.of(
                    service.get(usage, token),
                    service.getCsv(usage, token),
                    service.getCsv(orgPath + "/incident-export?" + range, token))) {
                assertThat(answer.statusCode())
                        .as(answer.uri() + ": " + answer.body())
                        .isEqualTo(200);
                assertThat(answer.body())
                        .as(answer.uri().toString())
                        .containsPattern("[0-9]")
                        .doesNotContainPattern(FOREIGN_DIGIT);
            }
            assertThat(service.log()).doesNotContainPattern(FOREIGN_DIGIT);
            service.stop();
        }
        Map<String, String> local = new HashMap<>(settings);
        local.put("JAVA_TOOL_OPTIONS", String.join(" ", options));
        Result said = CommandProcess.run(local, "conservation");
        assertThat(said.exitCode()).as(said.toString()).isZero();
        assertThat(said.out())
                .isEqualTo(CommandProcess.run(settings, "conservation").out());
    }
}
