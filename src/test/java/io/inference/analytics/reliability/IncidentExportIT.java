package io.inference.analytics.reliability;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.notNullValue;

import com.opencsv.CSVReader;
import com.opencsv.exceptions.CsvException;
import io.agroal.api.AgroalDataSource;
import io.inference.analytics.platform.Csv;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends
class IncidentExportIT {

    private static final UUID MODEL_A = UUID.fromString("0a000000-0000-0000-0000-000000000001");
    private static final UUID MODEL_F = UUID.fromString("f0000000-0000-0000-0000-000000000002");
    private static final String WINDOW = "start=2026-03-01T10:00:00Z&end=2026-03-01T11:00:00Z";

    /** Some 70 MB: several times what the sockets take in between the service and a client that waits. */
    private static final int MANY = 150_000;

    @Inject
    AgroalDataSource database;

    @Inject
    ReliabilityConfig config;

    @Inject
    ExportSlots slots;

    @TestHTTPResource("/")
    URI service;

    private final UUID org = UUID.randomUUID();
    private final HttpClient client = HttpClient.newHttpClient();

    private Response export(String query) {
        return given().auth()
                .oauth2(Tokens.of("engineer", org))
                .urlEncodingEnabled(false)
                .get("/analytics/v1/orgs/" + org + "/incident-export?" + query);
    }

    private void someEvents() throws SQLException {
        new StoredUsage()
                .add(Event.of(org, MODEL_A, "2026-03-01T09:59:59.999999Z"))
                .add(Event.of(org, MODEL_A, "2026-03-01T10:00:00Z").client("=cmd|' /C calc'!A0"))
                .add(Event.of(org, MODEL_F, "2026-03-01T10:30:00.000001Z")
                        .client("a,\"b\"\nc")
                        .status("timeout")
                        .cost("0.12000000"))
                .add(Event.of(org, MODEL_F, "2026-03-01T10:59:59.999999Z").cost(null))
                .add(Event.of(org, MODEL_A, "2026-03-01T11:00:00Z"))
                .store(database);
        execute("update analytics.usage_events set error_code = '@SUM(1)', metadata = jsonb_build_object('Email',"
                + " 'a@b.example', 'feature', 'email: chat') where org_id = '" + org + "' and status = 'timeout'");
        execute("update analytics.usage_events set metadata = jsonb_build_object('user', 'somebody', 'kind', 'email')"
                + " where org_id = '" + org + "' and cost_estimate_cents is null");
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static List<String[]> rows(String csv) {
        try (CSVReader reader = new CSVReader(new StringReader(csv))) {
            return reader.readAll();
        } catch (IOException | CsvException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theEventsOfTheWindowInTheirOrder() throws SQLException {
        someEvents();
        Response answer = given().auth()
                .oauth2(Tokens.of("engineer", org))
                .accept("application/json")
                .get("/analytics/v1/orgs/" + org + "/incident-export?" + WINDOW);
        answer.then().statusCode(200).contentType("text/csv").header("Link", (String) null);
        String csv = answer.asString();
        assertThat(csv)
                .startsWith("event_id,org_id,occurred_at,received_at,model_id,actor_id,client_id,input_tokens,"
                        + "output_tokens,latency_ms,status,error_code,cost_estimate_cents,metadata\r\n")
                .endsWith("\r\n");
        List<String[]> rows = rows(csv);
        assertThat(rows).hasSize(4);
        assertThat(rows.get(1)[2]).isEqualTo("2026-03-01T10:00:00.000000Z");
        assertThat(rows.get(2)[2]).isEqualTo("2026-03-01T10:30:00.000001Z");
        assertThat(rows.get(2)[4]).isEqualTo(MODEL_F.toString());
        assertThat(rows.get(2)[10]).isEqualTo("timeout");
        assertThat(rows.get(2)[12]).isEqualTo("0.12");
        assertThat(rows.get(3)[12]).isEmpty();
        assertThat(rows.get(3)[6]).isEmpty();
    }

    @Test
    void cellsAreHarmlessAndPersonalMetadataIsMasked() throws SQLException {
        someEvents();
        List<String[]> rows = rows(export(WINDOW).asString());
        assertThat(rows.get(1)[6]).isEqualTo("'=cmd|' /C calc'!A0");
        assertThat(rows.get(2)[6]).isEqualTo("a,\"b\"\nc");
        assertThat(rows.get(2)[11]).isEqualTo("'@SUM(1)");
        assertThat(rows.get(2)[13]).isEqualTo("{\"Email\": \"***\", \"feature\": \"email: chat\"}");
        assertThat(rows.get(3)[13]).isEqualTo("{\"kind\": \"email\", \"user\": \"***\"}");
    }

    @Test
    void theDatabaseKnowsTheSameFormulasAsTheService() throws SQLException {
        List<String> texts = new ArrayList<>(List.of("", "=1", "a=1", "plain", "'", "\u00e9", "\ud83d\ude00"));
        for (char start = 1; start < 256; start++) {
            texts.add(start + "x");
        }
        List.of("\uFF1D", "\uFF0B", "\uFF0D", "\uFF20", "\uFF21").forEach(texts::add);
        try (Connection connection = database.getConnection();
                PreparedStatement select = connection.prepareStatement(
                        "select given, " + Csv.harmlessSql("given") + " from unnest(?) as given")) {
            select.setArray(1, connection.createArrayOf("text", texts.toArray()));
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    String harmless = Csv.harmless(rows.getString(1));
                    assertThat(rows.getString(2)).isEqualTo(harmless.isEmpty() ? null : harmless);
                }
            }
        }
    }

    @Test
    void filtersNarrow() throws SQLException {
        someEvents();
        assertThat(rows(export(WINDOW + "&status=timeout&status=error").asString()))
                .hasSize(2);
        assertThat(rows(export(WINDOW + "&modelId=" + MODEL_A).asString())).hasSize(2);
        assertThat(rows(export(WINDOW + "&clientId=%3Dcmd%7C'%20%2FC%20calc'!A0")
                        .asString()))
                .hasSize(2);
        assertThat(rows(export(WINDOW + "&clientId=x')%20or%201%3D1%20--").asString()))
                .hasSize(1);
        assertThat(rows(export(WINDOW + "&clientId=%5C'").asString())).hasSize(1);
    }

    @Test
    void nextLinksLeadThroughEverythingOnce() throws SQLException {
        StoredUsage stored = new StoredUsage();
        for (int i = 0; i < 25; i++) {
            // Several of one moment: the id decides.
            stored.add(Event.of(org, MODEL_A, "2026-03-01T10:%02d:00.00000%dZ".formatted(i / 4, i % 2))
                    .client("caf\u00e9 & co"));
        }
        stored.store(database);
        List<String> whole = ids(export(WINDOW).asString());
        assertThat(whole).hasSize(25).doesNotHaveDuplicates();
        List<String> paged = new ArrayList<>();
        String query = WINDOW + "&limit=10&status=success&clientId=caf%C3%A9%20%26%20co&modelId=" + MODEL_A;
        int pages = 0;
        while (query != null) {
            Response page = export(query);
            page.then().statusCode(200);
            paged.addAll(ids(page.asString()));
            pages++;
            String link = page.header("Link");
            assertThat(link == null).isEqualTo(pages == 3);
            assertThat(link == null || link.startsWith("<incident-export?"))
                    .as(link)
                    .isTrue();
            query = link == null ? null : link.substring(link.indexOf('?') + 1, link.indexOf(">; rel=\"next\""));
        }
        assertThat(paged).isEqualTo(whole);
        export(WINDOW + "&limit=25").then().header("Link", (String) null);
    }

    @Test
    void aNextLinkIsOfItsOwnExportOnly() throws SQLException {
        StoredUsage stored = new StoredUsage();
        for (int i = 0; i < 3; i++) {
            stored.add(Event.of(org, MODEL_A, "2026-03-01T10:0%d:00Z".formatted(i)));
        }
        stored.store(database);
        String link = export(WINDOW + "&limit=2").header("Link");
        String after = link.substring(link.indexOf("&after="), link.indexOf(">; rel=\"next\""));
        assertThat(ids(export(WINDOW + after).asString())).hasSize(1);
        for (String other : List.of(
                "start=2026-03-01T10:00:00Z&end=2026-03-01T12:00:00Z",
                WINDOW + "&status=error",
                WINDOW + "&modelId=" + MODEL_A)) {
            export(other + after).then().statusCode(400).body("errors.field", contains("after"));
        }
    }

    @Test
    void aDayMayBeNamedByItsDateAndZone() throws SQLException {
        someEvents();
        String day = "start=2026-03-01&end=2026-03-02&timeZone=Europe/Berlin";
        String sameDay = "start=2026-02-28T23:00:00Z&end=2026-03-01T23:00:00Z";
        assertThat(ids(export(day).asString()))
                .isNotEmpty()
                .isEqualTo(ids(export(sameDay).asString()));
        export("period=last-7-days").then().statusCode(400).body("errors.field", contains("period"));
        export("period=yesterday&timeZone=Asia/Kolkata").then().statusCode(200);
    }

    private static List<String> ids(String csv) {
        return rows(csv).stream().skip(1).map(row -> row[0]).toList();
    }

    @Test
    void everyFaultIsToldAsAProblem() {
        export("start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:01Z&status=bad&limit=0&after=x&groupBy=model")
                .then()
                .statusCode(400)
                .contentType("application/problem+json")
                .body("errors.field", containsInAnyOrder("end", "status", "limit", "after", "groupBy"));
        given().auth()
                .oauth2(Tokens.of("finance", org))
                .get("/analytics/v1/orgs/" + org + "/incident-export?" + WINDOW)
                .then()
                .statusCode(403);
    }

    private void manyEvents(int count) throws SQLException {
        new StoredUsage()
                .add(Event.of(org, MODEL_A, "2026-03-01T10:00:00Z").client("seed"))
                .store(database);
        execute("insert into analytics.usage_events (event_id, org_id, model_id, client_id, occurred_at, received_at,"
                + " input_tokens, output_tokens, latency_ms, status, metadata, batch_id)"
                + " select gen_random_uuid(), org_id, model_id, repeat('c', 100),"
                + " occurred_at + i * interval '10 milliseconds', received_at, 1, 1, 1, 'success',"
                + " jsonb_build_object('filler', repeat('m', 300)), 0"
                + " from analytics.usage_events, generate_series(1, " + count + ") as i where org_id = '" + org + "'");
    }

    private InputStream opened() throws IOException, InterruptedException {
        HttpResponse<InputStream> answer = client.send(
                HttpRequest.newBuilder(service.resolve(
                                "/analytics/v1/orgs/" + org + "/incident-export?limit=1000000&" + WINDOW))
                        .header("Authorization", "Bearer " + Tokens.of("engineer", org))
                        .build(),
                HttpResponse.BodyHandlers.ofInputStream());
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.body();
    }

    /** Of this database, which is the tests' own. What the server shows of a statement ends before its conditions. */
    private int copies() throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "select count(*) from pg_stat_activity where datname = current_database() and state = 'active'"
                                + " and query like 'copy (%'")) {
            rows.next();
            return rows.getInt(1);
        }
    }

    @Test
    void aDatabaseThatGoesInTheMiddleCutsTheConnection() throws Exception {
        manyEvents(MANY);
        try (InputStream whole = opened()) {
            assertThat(new String(whole.readAllBytes(), StandardCharsets.UTF_8).lines())
                    .hasSize(MANY + 2);
        }
        try (InputStream cut = opened()) {
            assertThat(cut.readNBytes(100_000)).hasSize(100_000);
            assertThat(copies())
                    .as("the export is still being read from the database")
                    .isEqualTo(1);
            execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                    + " and state = 'active' and query like 'copy (%'");
            assertThatThrownBy(cut::readAllBytes).isInstanceOf(IOException.class);
        }
        // The slot and the connection are free again.
        export(WINDOW + "&limit=1").then().statusCode(200).header("Link", notNullValue());
    }

    @Test
    void moreThanTheBoundAreToldToWait() {
        int bound = config.export().concurrency();
        for (int i = 0; i < bound; i++) {
            slots.take();
        }
        try {
            export(WINDOW)
                    .then()
                    .statusCode(429)
                    .header("Retry-After", notNullValue())
                    .body("status", equalTo(429));
        } finally {
            for (int i = 0; i < bound; i++) {
                slots.release();
            }
        }
        export(WINDOW).then().statusCode(200);
    }

    /** More than the bound allows, so that a slot or a connection that is not given back would show. */
    @Test
    void headHasTheHeadersAndHoldsNothing() throws SQLException {
        manyEvents(MANY);
        for (int i = 0; i < 2 * config.export().concurrency(); i++) {
            given().auth()
                    .oauth2(Tokens.of("engineer", org))
                    .head("/analytics/v1/orgs/" + org + "/incident-export?limit=1&" + WINDOW)
                    .then()
                    .statusCode(200)
                    .header("Link", notNullValue());
        }
        export(WINDOW + "&limit=1").then().statusCode(200);
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> copies() == 0);
    }

    /** As many as the bound allows, so that a slot that is not given back would show. */
    @Test
    void clientsThatTakeNothingAreCut() throws Exception {
        manyEvents(MANY);
        List<InputStream> stalled = new ArrayList<>();
        for (int i = 0; i < config.export().concurrency(); i++) {
            stalled.add(opened());
        }
        assertThat(copies()).isPositive();
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> copies() == 0);
        for (InputStream client : stalled) {
            assertThatThrownBy(client::readAllBytes).isInstanceOf(IOException.class);
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> export(WINDOW + "&limit=1").then().statusCode(200));
    }
}
