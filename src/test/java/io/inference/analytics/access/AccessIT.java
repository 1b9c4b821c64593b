package io.inference.analytics.access;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends
class AccessIT {

    private static final String RANGE = "?start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z";

    @Inject
    AgroalDataSource database;

    private final UUID own = UUID.randomUUID();
    private final UUID foreign = UUID.randomUUID();

    /** Every operation of the API that is not open, with the organisation put into its path. */
    private interface Visit {
        void operation(String method, String path);
    }

    private void everyOperation(UUID org, Visit visit) {
        Map<String, Map<String, Object>> paths = given().accept("application/json")
                .get("/openapi")
                .then()
                .statusCode(200)
                .extract()
                .path("paths");
        assertThat(paths).isNotEmpty();
        paths.forEach((path, operations) -> {
            if (path.startsWith("/analytics/v1/status/")) {
                return;
            }
            String filled = path.replace("{orgId}", org.toString())
                    .replaceAll("\\{[^}]*}", UUID.randomUUID().toString());
            operations.keySet().forEach(method -> visit.operation(method.toUpperCase(Locale.ROOT), filled));
        });
    }

    private static ValidatableResponse call(RequestSpecification request, String method, String path) {
        if (method.equals("POST")) {
            request.contentType("application/json").body("{}");
        }
        return request.redirects().follow(false).request(method, path).then();
    }

    @Test
    void withoutACredentialNothingAnswers() {
        everyOperation(own, (method, path) -> call(given(), method, path)
                .statusCode(401)
                .contentType("application/problem+json")
                .header("WWW-Authenticate", startsWith("Bearer"))
                .body("status", equalTo(401)));
        everyOperation(own, (method, path) -> call(given().auth().oauth2("x.y.z"), method, path)
                .statusCode(401));
        everyOperation(own, (method, path) -> call(given().auth().preemptive().basic("a", "b"), method, path)
                .statusCode(401));
    }

    @Test
    void noOrganisationReachesAnother() {
        everyOperation(foreign, (method, path) -> {
            if (path.contains(foreign.toString())) {
                call(given().auth().oauth2(Tokens.of("org-admin", own)), method, path)
                        .statusCode(403)
                        .contentType("application/problem+json");
            }
        });
    }

    @Test
    void withoutAPermissionNothingOfAnOrganisationAnswers() {
        everyOperation(own, (method, path) -> {
            if (path.contains(own.toString())) {
                call(given().auth().oauth2(Tokens.of(List.of("analytics:nothing"), own)), method, path)
                        .statusCode(403);
            }
        });
    }

    @Test
    void everyCellOfTheAccessTableHolds() throws IOException {
        List<AccessTable.Row> rows = AccessTable.rows();
        for (AccessTable.Row row : rows) {
            for (Role role : Role.values()) {
                AccessTable.Cell cell = row.cells().get(role.ordinal());
                String token = Tokens.of(role.wireName(), own);
                boolean allowed = cell != AccessTable.Cell.NO;
                assertDoor(row, token, own, allowed, role);
                assertDoor(row, token, foreign, allowed && cell != AccessTable.Cell.OWN, role);
            }
            String nobody = Tokens.of(List.of(), own);
            boolean any =
                    row.cells().stream().allMatch(cell -> cell == AccessTable.Cell.YES || cell == AccessTable.Cell.OPEN)
                            && !row.path().contains("{orgId}");
            assertDoor(row, nobody, own, any, null);
            int without =
                    call(given(), row.method(), filled(row, own)).extract().statusCode();
            assertThat(without == 401)
                    .as(row + " without a credential")
                    .isEqualTo(row.cells().get(0) != AccessTable.Cell.OPEN);
        }
        List<String> documented = new ArrayList<>();
        everyOperation(own, (method, path) -> documented.add(method));
        assertThat(rows.stream()
                        .filter(row -> row.cells().get(0) != AccessTable.Cell.OPEN)
                        .map(AccessTable.Row::method))
                .containsExactlyInAnyOrderElementsOf(documented);
    }

    private static String filled(AccessTable.Row row, UUID org) {
        return row.path()
                .replace("{orgId}", org.toString())
                .replaceAll("\\{[^}]*}", UUID.randomUUID().toString());
    }

    private static void assertDoor(AccessTable.Row row, String token, UUID org, boolean allowed, Role role) {
        int status = call(given().auth().oauth2(token), row.method(), filled(row, org))
                .extract()
                .statusCode();
        assertThat(status)
                .as("%s %s as %s in %s", row.method(), row.path(), role, org)
                .matches(found -> allowed ? found != 401 && found != 403 && found < 500 : found == 403);
    }

    private static ValidatableResponse usage(String token, Object org, String query) {
        return given().auth()
                .oauth2(token)
                .urlEncodingEnabled(false)
                .get("/analytics/v1/orgs/" + org + "/usage" + query)
                .then();
    }

    @Test
    void checksAreMadeInOrder() {
        given().get("/analytics/v1/orgs/x/usage").then().statusCode(401);
        usage(Tokens.of("finance", own), foreign, "?bad").statusCode(403);
        usage(Tokens.of("analytics:freshness:read", own), own, "?bad").statusCode(403);
        usage(Tokens.of("finance", own), "not-an-id", "?bad").statusCode(403);
        usage(Tokens.of("system-admin"), "not-an-id", "?bad").statusCode(404);
        usage(Tokens.of("system-admin"), "1-1-1-1-1", "?bad").statusCode(404);
        usage(Tokens.of("finance", own), own, "?bad").statusCode(400);
        usage(Tokens.of("finance", own), own, RANGE).statusCode(200);
    }

    @Test
    void whatIsNotThereIsToldBeforeWhatIsWrongWithTheQuestion() {
        String admin = Tokens.of("system-admin", own);
        for (String[] one : List.of(
                new String[] {"GET", "orgs/" + own + "/exports/" + UUID.randomUUID()},
                new String[] {"GET", "orgs/" + own + "/exports/x"},
                new String[] {"DELETE", "orgs/" + own + "/exports/" + UUID.randomUUID()},
                new String[] {"GET", "orgs/" + own + "/exports/" + UUID.randomUUID() + "/download"},
                new String[] {"DELETE", "api-keys/" + UUID.randomUUID()},
                new String[] {"DELETE", "api-keys/x"})) {
            call(given().auth().oauth2(admin), one[0], "/analytics/v1/" + one[1] + "?bad=1")
                    .statusCode(404);
        }
    }

    @Test
    void onlyTheTwoHeadersSayWhoCalls() {
        String token = Tokens.of("system-admin", own);
        for (String[] header : new String[][] {
            {"X-User", "admin"},
            {"X-Org", own.toString()},
            {"X-Forwarded-User", "admin"},
            {"X-Remote-User", "admin"},
            {"X-Roles", "system-admin"},
            {"Cookie", "access_token=" + token},
            {"Proxy-Authorization", "Bearer " + token},
            {"Authorization", token},
            {"Authorization", "Token " + token},
            {"X-API-Key", token},
            {"X-HTTP-Method-Override", "OPTIONS"}
        }) {
            given().header(header[0], header[1])
                    .get("/analytics/v1/orgs")
                    .then()
                    .statusCode(401);
        }
        given().queryParam("access_token", token)
                .get("/analytics/v1/orgs")
                .then()
                .statusCode(401);
        given().header("Authorization", "Bearer " + token)
                .header("Authorization", "Bearer " + Tokens.of("engineer", foreign))
                .get("/analytics/v1/orgs")
                .then()
                .statusCode(401);
    }

    @Test
    void otherSpellingsOfAPathLeadToNoOtherOrganisation() {
        for (String path : List.of(
                own + "/../" + foreign + "/freshness",
                own + "%2F..%2F" + foreign + "/freshness",
                own + "/..;/" + foreign + "/freshness",
                own + ";orgId=" + foreign + "/../" + foreign + "/freshness",
                foreign.toString().toUpperCase(Locale.ROOT) + "/freshness",
                foreign + "/freshness/",
                foreign + "//freshness",
                "./" + foreign + "/freshness")) {
            assertThat(given().auth()
                            .oauth2(Tokens.of("org-admin", own))
                            .urlEncodingEnabled(false)
                            .get("/analytics/v1/orgs/" + path)
                            .statusCode())
                    .as(path)
                    .isIn(400, 403, 404);
        }
    }

    @Test
    void methodsThatAreNotOfferedDoNothing() {
        for (String path : List.of("orgs", "orgs/" + own + "/usage" + RANGE, "api-keys", "orgs/" + own + "/exports")) {
            for (String method : List.of("TRACE", "PATCH", "CONNECT", "SHUTDOWN")) {
                for (RequestSpecification caller :
                        List.of(given(), given().auth().oauth2(Tokens.of("system-admin", own)))) {
                    assertThat(caller.request(method, "/analytics/v1/" + path).statusCode())
                            .as(method + " " + path)
                            .isIn(401, 404, 405, 501);
                }
            }
        }
        given().head("/analytics/v1/orgs/" + own + "/usage" + RANGE).then().statusCode(401);
        given().auth()
                .oauth2(Tokens.of("engineer", own))
                .head("/analytics/v1/orgs/" + foreign + "/usage" + RANGE)
                .then()
                .statusCode(403);
        assertThat(given().options("/analytics/v1/orgs/" + own + "/usage").asString())
                .isEmpty();
    }

    @Test
    void rolesOpenWhatTheyShould() {
        for (String role : List.of("org-admin", "engineer", "finance", "analytics:usage:read")) {
            usage(Tokens.of(role, own), own, RANGE).statusCode(200);
            usage(Tokens.of(role, own), foreign, RANGE).statusCode(403);
        }
        for (String role : List.of("company-finance", "system-admin")) {
            usage(Tokens.of(role), foreign, RANGE).statusCode(200);
        }
        usage(Tokens.of("engineer"), own, RANGE).statusCode(403);
    }

    @Test
    void theSchemeOfTheHeaderIsNotCaseSensitive() {
        given().header("Authorization", "bearer " + Tokens.of("engineer", own))
                .get("/analytics/v1/orgs/" + own + "/usage" + RANGE)
                .then()
                .statusCode(200);
    }

    @Test
    void figuresOfTwoOrganisationsStayApart() throws SQLException {
        UUID model = UUID.randomUUID();
        new StoredUsage()
                .add(Event.of(own, model, "2026-03-01T10:00:00Z").client("same"))
                .add(Event.of(foreign, model, "2026-03-01T10:00:00Z")
                        .client("same")
                        .tokens(777, 7))
                .store(database);
        usage(Tokens.of("engineer", own), own, RANGE)
                .body("totals.invocations", equalTo(1))
                .body("totals.inputTokens", equalTo(10));
        usage(Tokens.of("engineer", foreign), foreign, RANGE).body("totals.inputTokens", equalTo(777));
    }
}
