package io.inference.analytics.console;

import static io.restassured.RestAssured.given;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Playwright;
import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.quarkus.test.common.http.TestHTTPResource;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** What tests of the console share: a browser, and an organisation that has something to show. */
abstract class ConsoleTests {

    static final Set<DayOfWeek> WEEKEND = EnumSet.of(DayOfWeek.SATURDAY, DayOfWeek.SUNDAY);

    private static Playwright driver;
    static Browser browser;

    @Inject
    AgroalDataSource database;

    @TestHTTPResource("/")
    String url;

    final UUID org = UUID.randomUUID();

    @BeforeAll
    static void startBrowser() {
        driver = ConsolePage.driver();
        browser = ConsolePage.browser(driver);
    }

    @AfterAll
    static void endBrowser() {
        browser.close();
        driver.close();
    }

    final void execute(String sql, Object... values) throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.execute();
        }
    }

    /** There is no broker here: without this, freshness would be unknown. */
    @BeforeEach
    void observeTheBroker() throws SQLException {
        execute(
                """
                insert into analytics.ingestion_observations
                    (replica, transport, reads, observed_at, broker_reachable_at, backlog_events)
                values (?, 'stream', true, now(), now(), 0)
                """,
                "console-" + UUID.randomUUID());
    }

    /** Two months of three models, two clients and two users, one of whom has a name, with a rhythm of the week; the newest calls are one hour old. */
    final Map<String, UUID> storeUsage() throws SQLException {
        UUID large = UUID.randomUUID();
        UUID small = UUID.randomUUID();
        UUID trial = UUID.randomUUID();
        UUID ann = UUID.randomUUID();
        UUID ben = UUID.randomUUID();
        StoredUsage usage = new StoredUsage();
        Instant newest = Instant.now().minus(1, ChronoUnit.HOURS);
        for (int day = 0; day < 60; day++) {
            Instant at = newest.minus(day, ChronoUnit.DAYS);
            boolean weekend = WEEKEND.contains(at.atOffset(ZoneOffset.UTC).getDayOfWeek());
            for (int call = 0; call < (weekend ? 4 : 11) + day % 3; call++) {
                String time = at.minusSeconds(call * 600L).toString();
                usage.add(Event.of(org, large, time)
                        .user(ann)
                        .client("support-chat")
                        .latency(900 + 40L * call + day, 200L + 9L * call)
                        .status(call == 3 && day % 4 == 0 ? "timeout" : "success")
                        .cost("41.2375"));
                usage.add(Event.of(org, small, time)
                        .user(ben)
                        .client(call % 3 == 0 ? "nightly-report" : "support-chat")
                        .latency(310 + 11L * call, 60L)
                        .status(call == 5 && day == 6 ? "error" : "success")
                        .cost("3.1"));
                if (day < 9 && call % 2 == 0) {
                    usage.add(Event.of(org, trial, time).client("").cost(null));
                }
            }
        }
        usage.store(database);
        execute("insert into analytics.orgs (org_id, name) values (?, ?)", org, "Example GmbH");
        execute(
                "insert into analytics.models (model_id, name) values (?, ?), (?, ?)",
                large,
                "large-3",
                small,
                "small-3");
        execute("insert into analytics.users (user_id, name, updated_at) values (?, ?, now())", ann, "Ann Archer");
        return Map.of("large", large, "small", small, "trial", trial, "ann", ann, "ben", ben);
    }

    final JsonPath api(String path, String role) {
        return given().auth()
                .oauth2(Tokens.of(role, org))
                .get(path)
                .then()
                .statusCode(200)
                .extract()
                .jsonPath();
    }

    static BigDecimal sum(List<BigDecimal> values) {
        return values.stream().reduce(BigDecimal.ZERO, BigDecimal::add);
    }
}
