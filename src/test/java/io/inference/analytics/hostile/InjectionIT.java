package io.inference.analytics.hostile;

import static io.inference.analytics.hostile.VerbatimHttp.encoded;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values that would be statements, headers, log lines or formulas elsewhere: here they are text. */
@QuarkusTest
@WithBackends
class InjectionIT {

    private static final String RANGE = "?start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z";

    private static final List<String> FORMULAS =
            List.of("=1+1", "+1", "-1", "@x", "\tx", "\rx", "|x", "=cmd|' /C calc'!A0");

    private final VerbatimHttp http = new VerbatimHttp();
    private final UUID own = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();

    @Inject
    AgroalDataSource database;

    private Event event(UUID org, String client) {
        return Event.of(org, model, "2026-03-01T10:00:00Z").client(client);
    }

    private HttpResponse<String> get(String pathAndQuery) throws Exception {
        return http.get("/analytics/v1/orgs/" + own + pathAndQuery, Tokens.of("engineer", own));
    }

    @Test
    void sqlInParametersIsText() throws Exception {
        String hostile = "x' or '1'='1";
        new StoredUsage()
                .add(event(own, hostile))
                .add(event(own, "other"))
                .add(event(UUID.randomUUID(), hostile))
                .store(database);
        assertThat(get("/usage" + RANGE + "&clientId=" + encoded(hostile)).body())
                .contains("\"totals\":{\"invocations\":1,");
    }

    @ParameterizedTest
    @ValueSource(strings = {"';select pg_sleep(60)--", "x') union select * from analytics.api_keys --"})
    void statementsInParametersAreNotRun(String sql) throws Exception {
        new StoredUsage().add(event(own, "other")).store(database);
        long start = System.nanoTime();
        assertThat(get("/usage" + RANGE + "&clientId=" + encoded(sql)).body())
                .contains("\"totals\":{\"invocations\":0,");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
    }

    /** The export writes values into its statement: COPY takes no parameters. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "x' or '1'='1",
                "x\\' or 1=1 --",
                "x\\",
                "$$; drop table analytics.audit_log; $$",
                "'); select pg_sleep(5); --",
                "%' or true or client_id like '%"
            })
    void sqlInParametersOfTheExportIsTextToo(String client) throws Exception {
        new StoredUsage().add(event(own, "other")).add(event(own, client)).store(database);
        String query = RANGE + "&clientId=" + encoded(client);
        HttpResponse<String> export = get("/incident-export" + query);
        assertThat(export.statusCode()).isEqualTo(200);
        assertThat(export.body().lines()).hasSize(2);
        for (String path : List.of("/usage", "/reliability")) {
            HttpResponse<String> answer = get(path + query);
            assertThat(answer.statusCode()).as(path).isEqualTo(200);
            assertThat(answer.body()).as(path).contains("\"invocations\":1");
        }
    }

    @Test
    void whatAHeaderIsMadeOfCannotEndIt() throws Exception {
        String hostile = "a\r\nSet-Cookie: x=y\r\n\r\n<script>";
        new StoredUsage()
                .add(event(own, hostile))
                .add(Event.of(own, model, "2026-03-01T11:00:00Z").client(hostile))
                .store(database);
        HttpResponse<String> answer = get("/incident-export" + RANGE + "&limit=1&clientId=" + encoded(hostile));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().map()).doesNotContainKey("set-cookie");
        assertThat(answer.headers().firstValue("Link"))
                .hasValueSatisfying(
                        link -> assertThat(link).contains("a%0D%0ASet-Cookie").doesNotContain("<script>"));
    }

    @Test
    void headersSplitNothingAndPathsSpeakNoLogLines() throws Exception {
        HttpResponse<String> answer = get("/usage%0d%0aevent=request%20status=200%0d%0aSet-Cookie:%20a=b");
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.headers().map()).doesNotContainKey("set-cookie");
        assertThat(answer.body()).doesNotContain("\r\nSet-Cookie");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/usage" + RANGE + "&groupBy=client", "/incident-export" + RANGE})
    void cellsThatASpreadsheetWouldRunAreMadeHarmless(String path) throws Exception {
        StoredUsage usage = new StoredUsage();
        FORMULAS.forEach(formula -> usage.add(event(own, formula)));
        usage.store(database);
        String csv = given().auth()
                .oauth2(Tokens.of("engineer", own))
                .accept("text/csv")
                .get("/analytics/v1/orgs/" + own + path)
                .then()
                .statusCode(200)
                .extract()
                .asString();
        for (String formula : FORMULAS) {
            assertThat(csv).contains("'" + formula).doesNotContain("," + formula, ",\"" + formula);
        }
    }
}
