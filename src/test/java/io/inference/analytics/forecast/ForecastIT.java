package io.inference.analytics.forecast;

import static io.restassured.RestAssured.given;
import static java.time.temporal.ChronoUnit.DAYS;
import static java.time.temporal.ChronoUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.inference.analytics.usage.UserPrivacy;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Where the month will end, as an organisation's admin asks for it. */
@QuarkusTest
@WithBackends
class ForecastIT {

    private static final UUID ANN = UUID.randomUUID();
    private static final UUID MODEL = UUID.randomUUID();

    /** US cents on each day. */
    private static final BigDecimal DAILY = new BigDecimal("240");

    @Inject
    AgroalDataSource database;

    @Inject
    UserPrivacy privacy;

    private final UUID org = UUID.randomUUID();

    /** Some minutes ago, so that no midnight comes between this and the question. */
    private final Instant now = Instant.now().minus(2, MINUTES);

    private ValidatableResponse forecast(String... parameters) {
        var request = given().auth().oauth2(Tokens.of("org-admin", org));
        for (int i = 0; i < parameters.length; i += 2) {
            request.queryParam(parameters[i], parameters[i + 1]);
        }
        return request.get("/analytics/v1/orgs/{org}/forecast", org).then();
    }

    /** The same cost at noon of each whole day, and some of it today. */
    private void store(int days) throws SQLException {
        Instant today = now.truncatedTo(DAYS);
        StoredUsage usage = new StoredUsage().add(event(now, "1.25"));
        for (int ago = 1; ago <= days; ago++) {
            usage.add(event(today.minus(ago, DAYS).plusSeconds(12 * 3_600), DAILY.toPlainString()));
        }
        usage.store(database);
    }

    private Event event(Instant at, String cents) {
        return Event.of(org, MODEL, at.toString()).client("app").user(ANN).cost(cents);
    }

    @Test
    void theMonthIsWhatIsSpentAndTheDaysToCome() throws SQLException {
        store(60);
        String spent = given().auth()
                .oauth2(Tokens.of("org-admin", org))
                .queryParam("period", "month-to-date")
                .queryParam("granularity", "total")
                .get("/analytics/v1/orgs/{org}/usage", org)
                .then()
                .statusCode(200)
                .extract()
                .path("totals.cost.amount");
        YearMonth month = YearMonth.from(now.atZone(ZoneOffset.UTC));
        int daysToCome = month.lengthOfMonth() - now.atZone(ZoneOffset.UTC).getDayOfMonth();
        BigDecimal tomorrowOn = DAILY.movePointLeft(2).multiply(BigDecimal.valueOf(daysToCome));

        ValidatableResponse answer = forecast()
                .statusCode(200)
                .body("period", equalTo("month-to-date"))
                .body("timeZone", equalTo("UTC"))
                .body("start", equalTo(month.atDay(1) + "T00:00:00Z"))
                .body("end", equalTo(month.plusMonths(1).atDay(1) + "T00:00:00Z"))
                .body("spent.amount", equalTo(spent))
                .body("costComplete", equalTo(true))
                .body("method", equalTo("weekday-profile"))
                .body("history.days", equalTo(56))
                .body("range.probabilityPercent", equalTo(80))
                .body("reason", nullValue())
                .body("freshness.status", notNullValue());
        BigDecimal expected = new BigDecimal(answer.extract().<String>path("expected.amount"));
        assertThat(expected.subtract(new BigDecimal(spent)))
                .isBetween(
                        tomorrowOn.subtract(new BigDecimal("0.01")),
                        tomorrowOn.add(DAILY.movePointLeft(2)).add(new BigDecimal("0.01")));
    }

    @Test
    void tooLittleHistoryIsSaid() throws SQLException {
        store(13);
        forecast("period", "month-to-date", "timeZone", "Asia/Kathmandu")
                .statusCode(200)
                .body("timeZone", equalTo("Asia/Kathmandu"));
        forecast("period", "quarter-to-date", "timeZone", "America/New_York")
                .statusCode(200)
                .body("timeZone", equalTo("America/New_York"))
                .body("spent.amount", notNullValue())
                .body("expected", nullValue())
                .body("range", nullValue())
                .body("reason", containsString("too little history"));
    }

    @Test
    void usageWithoutAPriceIsNotForecastAsFree() throws SQLException {
        StoredUsage usage = new StoredUsage();
        for (int ago = 0; ago < 20; ago++) {
            usage.add(Event.of(org, MODEL, now.minus(ago, DAYS).toString()).cost(null));
        }
        usage.store(database);
        forecast("period", "today")
                .statusCode(200)
                .body("spent", nullValue())
                .body("unpricedInvocations", equalTo(1))
                .body("costComplete", equalTo(false))
                .body("expected", nullValue())
                .body("history.unpricedInvocations", equalTo(19))
                .body("reason", containsString("price"));
    }

    @Test
    void filtersForecastAPart() throws SQLException {
        store(20);
        forecast("clientId", "nobody")
                .statusCode(200)
                .body("spent.amount", equalTo("0"))
                .body("expected", nullValue());
        forecast("clientId", "app", "modelId", MODEL.toString())
                .statusCode(200)
                .body("expected.currency", equalTo("USD"));
        String all = forecast().extract().path("expected.amount");
        forecast("userId", ANN.toString()).statusCode(200).body("expected.amount", equalTo(all));
        forecast("userId", UUID.randomUUID().toString())
                .statusCode(200)
                .body("spent.amount", equalTo("0"))
                .body("reason", containsString("too little history"));
        privacy.set(org, UserPrivacy.Mode.OFF);
        forecast("userId", ANN.toString()).statusCode(403);
        forecast().statusCode(200).body("expected.amount", equalTo(all));
    }

    @Test
    void whatIsOverOrUnknownIsRefused() {
        forecast("period", "last-month", "start", "2026-01-01", "timeZone", "Mars/Olympus")
                .statusCode(400)
                .body("errors.field", hasItems("period", "start", "timeZone"));
        given().auth()
                .oauth2(Tokens.of("org-admin", UUID.randomUUID()))
                .get("/analytics/v1/orgs/{org}/forecast", org)
                .then()
                .statusCode(403);
    }
}
