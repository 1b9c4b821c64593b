package io.inference.analytics.usage;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends
class CatalogIT {

    @Inject
    AgroalDataSource database;

    private final UUID named = UUID.randomUUID();
    private final UUID nameless = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();

    @BeforeEach
    void store() throws SQLException {
        String now = Instant.now().toString();
        new StoredUsage()
                .add(Event.of(named, model, now).client("web"))
                .add(Event.of(named, model, now).client("app"))
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

    @Test
    void parametersAreRefused() {
        given().auth()
                .oauth2(Tokens.of("finance", named))
                .get("/analytics/v1/orgs?limit=1")
                .then()
                .statusCode(400)
                .body("errors.field", equalTo(List.of("limit")));
    }
}
