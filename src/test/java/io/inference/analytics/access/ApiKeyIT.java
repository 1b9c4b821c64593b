package io.inference.analytics.access;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends
class ApiKeyIT {

    private static final String KEYS = "/analytics/v1/api-keys";
    private static final String RANGE = "?start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z";

    @Inject
    AgroalDataSource database;

    @Inject
    ApiKeyStore store;

    @Inject
    ApiDatabase reads;

    @Inject
    ApiKeyAuthenticator authenticator;

    private final UUID own = UUID.randomUUID();
    private final UUID foreign = UUID.randomUUID();

    private static ValidatableResponse post(String token, String body) {
        return given().auth()
                .oauth2(token)
                .contentType("application/json")
                .body(body)
                .post(KEYS)
                .then();
    }

    private JsonPath made(String more) {
        return post(
                        Tokens.of("system-admin"),
                        "{\"name\":\"report\",\"orgIds\":[\"%s\"],\"permissions\":[\"analytics:usage:read\"]%s}"
                                .formatted(own, more))
                .statusCode(201)
                .header("Cache-Control", equalTo("no-store"))
                .header("Location", containsString(KEYS + "/"))
                .extract()
                .jsonPath();
    }

    private static ValidatableResponse usage(String key, UUID org) {
        return given().header("X-API-Key", key)
                .get("/analytics/v1/orgs/" + org + "/usage" + RANGE)
                .then();
    }

    @Test
    void aKeyMayWhatItWasMadeForAndNothingElse() {
        String key = made("").getString("key");
        usage(key, own).statusCode(200);
        usage(key, foreign).statusCode(403);
        given().header("X-API-Key", key)
                .get("/analytics/v1/orgs/" + own + "/audit")
                .then()
                .statusCode(403);
        given().header("X-API-Key", key).get(KEYS).then().statusCode(403);
        given().auth()
                .oauth2(Tokens.of("org-admin", own))
                .get("/analytics/v1/orgs/" + own + "/audit?outcome=allowed&action=analytics:usage:read")
                .then()
                .body("entries[0].actor", equalTo("apikey:" + key.substring(0, 16)));
    }

    @Test
    void aKeyMayBeForAllOrganisations() {
        String key = post(
                        Tokens.of("system-admin"),
                        "{\"name\":\"all\",\"allOrgs\":true,\"permissions\":[\"analytics:usage:read\"]}")
                .statusCode(201)
                .extract()
                .path("key");
        usage(key, own).statusCode(200);
        usage(key, foreign).statusCode(200);
    }

    @Test
    void onlySystemAdminsMakeListAndRevoke() {
        String id = made("").getString("apiKey.keyId");
        for (String role : new String[] {"org-admin", "company-finance", "analytics:api-keys:write"}) {
            String token = Tokens.of(role, own);
            post(token, "{}").statusCode(403);
            given().auth().oauth2(token).get(KEYS).then().statusCode(403);
            given().auth().oauth2(token).delete(KEYS + "/" + id).then().statusCode(403);
        }
    }

    @Test
    void whatDoesNotHoldIsRefusedWithoutSayingWhy() {
        String key = made("").getString("key");
        String other = made("").getString("key");
        String[] wrong = {
            "",
            "x",
            key + "A",
            key.substring(0, key.length() - 1),
            key.toUpperCase(java.util.Locale.ROOT),
            key.substring(0, 17) + other.substring(17),
            "iak_000000000000_" + other.substring(17),
            "' or 1=1 --"
        };
        for (String text : wrong) {
            usage(text, own)
                    .statusCode(401)
                    .contentType("application/problem+json")
                    .body("detail", equalTo("The API key is not valid: unknown, revoked or expired."));
        }
        given().header("X-API-Key", key)
                .header("X-API-Key", key)
                .get("/analytics/v1/orgs")
                .then()
                .statusCode(401);
        given().header("X-API-Key", key)
                .auth()
                .oauth2(Tokens.of("engineer", own))
                .get("/analytics/v1/orgs")
                .then()
                .statusCode(401);
    }

    @Test
    void theKeyIsShownOnceAndStoredAsAHashOnly() throws Exception {
        JsonPath made = made("");
        String key = made.getString("key");
        assertThat(key).matches("iak_[0-9a-f]{12}_[A-Za-z0-9_-]{43}").startsWith(made.getString("apiKey.prefix"));
        given().auth()
                .oauth2(Tokens.of("system-admin"))
                .get(KEYS)
                .then()
                .statusCode(200)
                .body("apiKeys.prefix", hasItem(made.getString("apiKey.prefix")))
                .body(not(containsString(key.substring(17))));
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows =
                        statement.executeQuery("select key::text from analytics.api_keys as key where prefix = '%s'"
                                .formatted(made.getString("apiKey.prefix")))) {
            rows.next();
            assertThat(rows.getString(1)).doesNotContain(key.substring(17));
        }
    }

    @Test
    void revokedKeysEndWithinThirtySecondsAndExpiredOnesAtOnce() {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
        Clock clock = new Clock() {
            @Override
            public java.time.ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return now.get();
            }
        };
        ApiKeyAuthenticator replica = new ApiKeyAuthenticator(store, reads, clock);
        JsonPath revoked = made("");
        JsonPath expiring = made(",\"expiresAt\":\"%s\"".formatted(now.get().plusSeconds(600)));
        assertThat(replica.verify(revoked.getString("key")).orgs()).containsExactly(own);
        assertThat(replica.verify(expiring.getString("key")).orgs()).containsExactly(own);

        String path = KEYS + "/" + revoked.getString("apiKey.keyId");
        for (int i = 0; i < 2; i++) {
            given().auth().oauth2(Tokens.of("system-admin")).delete(path).then().statusCode(204);
        }
        now.set(now.get().plusSeconds(30));
        assertThatThrownBy(() -> replica.verify(revoked.getString("key"))).isInstanceOf(Failure.Unauthorized.class);
        assertThat(replica.verify(expiring.getString("key")).orgs()).containsExactly(own);
        now.set(now.get().plusSeconds(570));
        assertThatThrownBy(() -> replica.verify(expiring.getString("key"))).isInstanceOf(Failure.Unauthorized.class);
        for (String unknown : new String[] {UUID.randomUUID().toString(), "x"}) {
            given().auth()
                    .oauth2(Tokens.of("system-admin"))
                    .delete(KEYS + "/" + unknown)
                    .then()
                    .statusCode(404);
        }
    }

    @Test
    void theLastUseIsNoted() {
        JsonPath made = made("");
        usage(made.getString("key"), own).statusCode(200);
        String found = "apiKeys.find { it.keyId == '%s' }.lastUsedAt".formatted(made.getString("apiKey.keyId"));
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            authenticator.noteUses();
            given().auth().oauth2(Tokens.of("system-admin")).get(KEYS).then().body(found, notNullValue());
        });
    }

    @Test
    void everyFaultOfAWishIsTold() {
        String admin = Tokens.of("system-admin");
        for (String body : new String[] {"", "[]", "{", "{\"name\":\"a\",\"name\":\"b\"}", "null"}) {
            post(admin, body).statusCode(400);
        }
        post(
                        admin,
                        "{\"name\":7,\"orgIds\":[\"x\"],\"allOrgs\":\"yes\",\"permissions\":\"p\",\"expiresAt\":\"soon\",\"more\":1}")
                .statusCode(400)
                .body(
                        "errors.field",
                        equalTo(java.util.List.of("more", "orgIds", "allOrgs", "name", "permissions", "expiresAt")));
        post(
                        admin,
                        "{\"name\":\" \",\"orgIds\":[\"%s\"],\"allOrgs\":true,\"permissions\":[\"analytics:*\"],\"expiresAt\":\"2020-01-01T00:00:00Z\"}"
                                .formatted(own))
                .statusCode(400)
                .body("errors", hasSize(4));
        given().auth()
                .oauth2(admin)
                .contentType("text/plain")
                .body("{}")
                .post(KEYS)
                .then()
                .statusCode(415);
    }
}
