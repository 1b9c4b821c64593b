package io.inference.analytics.usage;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@WithBackends
class CatalogIT {

    @Inject
    AgroalDataSource database;

    @Inject
    UserPrivacy privacy;

    private final UUID named = UUID.randomUUID();
    private final UUID nameless = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();
    private final UUID ann = UUID.randomUUID();
    private final UUID bob = UUID.randomUUID();
    private final UUID stranger = UUID.fromString("00000000-0000-4000-8000-000000000000");

    @BeforeEach
    void store() throws SQLException {
        String now = Instant.now().toString();
        new StoredUsage()
                .add(Event.of(named, model, now).client("web").user(bob))
                .add(Event.of(named, model, now).client("app").user(ann))
                .add(Event.of(named, model, now).client("app").user(stranger))
                .add(Event.of(named, model, now))
                .add(Event.of(nameless, UUID.randomUUID(), now).client("foreign"))
                .store(database);
        try (Connection connection = database.getConnection()) {
            name(connection, "insert into analytics.orgs (org_id, name) values (?, ?)", named, "Ännchen & Co");
            name(connection, "insert into analytics.models (model_id, name) values (?, ?)", model, "large-1");
        }
    }

    private static void name(Connection connection, String sql, UUID id, String name) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(sql)) {
            insert.setObject(1, id);
            insert.setString(2, name);
            insert.execute();
        }
    }

    @Test
    void callersSeeTheirOrganisationsByName() {
        given().auth()
                .oauth2(Tokens.of(List.of(), nameless, named))
                .get("/analytics/v1/orgs")
                .then()
                .statusCode(200)
                .body("orgs", hasSize(2))
                .body("orgs.find { it.orgId == '%s' }.name".formatted(named), equalTo("Ännchen & Co"))
                .body("orgs.find { it.orgId == '%s' }.name".formatted(nameless), equalTo(nameless.toString()));
    }

    @Test
    void whoMayEverywhereSeesAll() {
        for (String role : List.of("system-admin", "company-finance")) {
            given().auth()
                    .oauth2(Tokens.of(role))
                    .get("/analytics/v1/orgs")
                    .then()
                    .statusCode(200)
                    .body("orgs.orgId", hasItem(named.toString()));
        }
    }

    @Test
    void modelsAndClientsAreThoseOfTheOrganisation() {
        given().auth()
                .oauth2(Tokens.of("finance", named))
                .get("/analytics/v1/orgs/{org}/models", named)
                .then()
                .statusCode(200)
                .body("models.modelId", equalTo(List.of(model.toString())))
                .body("models.name", equalTo(List.of("large-1")));
        given().auth()
                .oauth2(Tokens.of("finance", named))
                .get("/analytics/v1/orgs/{org}/clients", named)
                .then()
                .statusCode(200)
                .body("clients.clientId", equalTo(List.of("app", "web")));
    }

    /** Names come from the system that owns them; an event without a user lists nobody. */
    @Test
    void usersAreListedByNameInPages() {
        nameUsers(Map.of(ann, "Ann", bob, " Bob "));
        String cursor = users("finance")
                .statusCode(200)
                .body("users.userId", equalTo(List.of(stranger.toString(), ann.toString())))
                .body("users.name", equalTo(List.of(stranger.toString(), "Ann")))
                .extract()
                .path("nextCursor");
        users("finance", "cursor", cursor)
                .statusCode(200)
                .body("users.name", equalTo(List.of("Bob")))
                .body("nextCursor", nullValue());
        given().auth()
                .oauth2(Tokens.of("finance", nameless))
                .get("/analytics/v1/orgs/{org}/users?cursor={cursor}", nameless, cursor)
                .then()
                .statusCode(400)
                .body("errors.field", equalTo(List.of("cursor")));
        users("finance", "userId", ann).statusCode(400);
        given().auth()
                .oauth2(Tokens.of("finance", nameless))
                .get("/analytics/v1/orgs/{org}/users", named)
                .then()
                .statusCode(403);
    }

    /** Rows say who and what they are about by name, where there is one. */
    @Test
    void rowsCarryTheNamesOfModelsAndUsers() {
        nameUsers(Map.of(ann, "Ann"));
        for (String endpoint : List.of("usage", "reliability")) {
            asked(endpoint + "?period=last-7-days&groupBy=user,model")
                    .statusCode(200)
                    .body("totals.invocations", equalTo(4))
                    .body("series", hasSize(4))
                    .body("series.modelName", everyItem(equalTo("large-1")))
                    .body("series.find { it.userId == '%s' }.userName".formatted(ann), equalTo("Ann"))
                    .body("series.find { it.userId == '%s' }.containsKey('userName')".formatted(bob), equalTo(false))
                    .body("series.findAll { it.userId == null }.invocations", equalTo(List.of(1)))
                    .body("series[0].containsKey('userId')", equalTo(true));
            asked(endpoint + "?period=last-7-days&userId=" + ann + "," + bob)
                    .statusCode(200)
                    .body("totals.invocations", equalTo(2));
        }
        asked("breakdown?period=last-7-days&by=user")
                .statusCode(200)
                .body("rows", hasSize(4))
                .body("rows.find { it.key == '%s' }.name".formatted(ann), equalTo("Ann"))
                .body("rows.findAll { it.key == null }.invocations", equalTo(List.of(1)));
        asked("breakdown?period=last-7-days&by=client&userId=" + bob)
                .statusCode(200)
                .body("rows.key", equalTo(List.of("web")));
        asked("reliability?period=last-30-days&groupBy=user")
                .statusCode(400)
                .body(
                        "errors.message",
                        equalTo(
                                List.of(
                                        "period: range too long for groupBy=user, which reads raw events (expected: at most 7 days)")));
    }

    /** Sums are the same; nobody is named, and an id of an answer is what a filter takes. */
    @Test
    void anOrganisationMayShowPseudonyms() {
        nameUsers(Map.of(ann, "Ann"));
        privacy.set(named, UserPrivacy.Mode.PSEUDONYMS);
        List<String> shown = users("finance").statusCode(200).extract().path("users.userId");
        assertThat(shown).hasSize(2).doesNotContain(ann.toString(), bob.toString(), stranger.toString());
        for (String endpoint : List.of("usage", "reliability")) {
            asked(endpoint + "?period=last-7-days&groupBy=user")
                    .statusCode(200)
                    .body("totals.invocations", equalTo(4))
                    .body("series.userId", hasItems(shown.get(0), shown.get(1), null))
                    .body("series.findAll { it.containsKey('userName') }", hasSize(0));
            asked(endpoint + "?period=last-7-days&userId=" + shown.get(0))
                    .statusCode(200)
                    .body("totals.invocations", equalTo(1));
            asked(endpoint + "?period=last-7-days&userId=" + ann)
                    .statusCode(200)
                    .body("totals.invocations", equalTo(0));
        }
        asked("breakdown?period=last-7-days&by=user")
                .statusCode(200)
                .body("rows.key", hasItems(shown.get(0), shown.get(1), null))
                .body("rows.findAll { it.containsKey('name') }", hasSize(0));
        assertThat(incidentExport()).contains(shown.get(0)).doesNotContain(ann.toString());
        questionsNextToMetadata(shown.get(0)).forEach(question -> asked(question)
                .statusCode(403)
                .body("detail", containsString("shows pseudonyms of its users, and metadata may")));
        asked("breakdown?period=last-7-days&by=metadata.team").statusCode(200);
        asked("breakdown?period=last-7-days&by=user&errorCode=none").statusCode(200);
        privacy.set(named, UserPrivacy.Mode.NAMES);
        questionsNextToMetadata(ann.toString())
                .forEach(question -> asked(question).statusCode(200));
        assertThat(incidentExport()).contains(ann.toString());
    }

    @Test
    void anOrganisationMayShowNoUsers() {
        privacy.set(named, UserPrivacy.Mode.OFF);
        for (String question : List.of(
                "usage?period=last-7-days&groupBy=user",
                "usage?period=last-7-days&userId=" + ann,
                "reliability?period=last-7-days&groupBy=user",
                "breakdown?period=last-7-days&by=user",
                "breakdown?period=last-7-days&by=errorCode&userId=" + ann,
                "users")) {
            asked(question).statusCode(403).body("detail", containsString("switched off"));
        }
        asked("usage?period=last-7-days").statusCode(200).body("totals.invocations", equalTo(4));
        assertThat(incidentExport()).contains(model.toString()).doesNotContain(ann.toString());
    }

    /** They would show whose pseudonym is whose. */
    private static Stream<String> questionsNextToMetadata(String user) {
        return Stream.of(
                        "usage?groupBy=user&metadata.email=ann",
                        "usage?groupBy=user&withoutMetadata=email",
                        "usage?metadata.email=ann&userId=" + user,
                        "breakdown?by=user&metadata.email=ann",
                        "breakdown?by=metadata.email&userId=" + user,
                        "breakdown?by=client&withoutMetadata=email&userId=" + user)
                .map(question -> question + "&period=last-7-days");
    }

    private String incidentExport() {
        return asked("incident-export?period=last-24-hours")
                .statusCode(200)
                .extract()
                .asString();
    }

    private void nameUsers(Map<UUID, String> names) {
        given().auth()
                .oauth2(Tokens.of("system-admin"))
                .contentType("application/json")
                .body(Map.of("users", names))
                .put("/analytics/v1/catalog/names")
                .then()
                .statusCode(204);
    }

    private ValidatableResponse asked(String question) {
        return given().auth()
                .oauth2(Tokens.of("org-admin", named))
                .get("/analytics/v1/orgs/" + named + "/" + question)
                .then();
    }

    private ValidatableResponse users(String role, Object... parameter) {
        var request = given().auth().oauth2(Tokens.of(role, named)).queryParam("limit", 2);
        if (parameter.length > 0) {
            request.queryParam((String) parameter[0], parameter[1]);
        }
        return request.get("/analytics/v1/orgs/{org}/users", named).then();
    }

    @ParameterizedTest
    @CsvSource({"orgs, orgs.orgId", "orgs/{org}/models, models.modelId", "orgs/{org}/clients, clients.clientId"})
    void listsOfNamesComeInPagesThatLeaveNothingOut(String list, String ids) throws SQLException {
        String now = Instant.now().toString();
        new StoredUsage()
                .add(Event.of(named, UUID.randomUUID(), now).client("with a space"))
                .store(database);
        List<String> all = list(list)
                .statusCode(200)
                .body("nextCursor", nullValue())
                .extract()
                .path(ids);
        List<String> paged = new ArrayList<>();
        String cursor = null;
        do {
            var page = (cursor == null ? list(list, "limit", 1) : list(list, "limit", 1, "cursor", cursor))
                    .statusCode(200)
                    .body(ids, hasSize(1))
                    .extract();
            paged.addAll(page.path(ids));
            cursor = page.path("nextCursor");
        } while (cursor != null);
        assertThat(paged).hasSizeGreaterThan(1).isEqualTo(all);
    }

    @Test
    void parametersAreRefused() {
        for (String list : List.of("orgs", "orgs/{org}/models", "orgs/{org}/clients")) {
            list(list, "limit", 10_001).statusCode(400).body("errors.field", equalTo(List.of("limit")));
            list(list, "name", "a").statusCode(400).body("errors.field", equalTo(List.of("name")));
            list(list, "cursor", "bm90IG9uZQ").statusCode(400).body("errors.field", equalTo(List.of("cursor")));
        }
        String cursor = users("finance").extract().path("nextCursor");
        list("orgs/{org}/clients", "cursor", cursor)
                .statusCode(400)
                .body("errors.message", hasItem(containsString("not a cursor")));
    }

    private ValidatableResponse list(String list, Object... parameters) {
        var request = given().auth().oauth2(Tokens.of("finance", named, nameless));
        for (int i = 0; i < parameters.length; i += 2) {
            request.queryParam((String) parameters[i], parameters[i + 1]);
        }
        return request.get("/analytics/v1/" + list.replace("{org}", named.toString()))
                .then();
    }
}
