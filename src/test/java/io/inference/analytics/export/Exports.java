package io.inference.analytics.export;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.testing.Tokens;
import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.YearMonth;
import java.util.List;
import java.util.UUID;

/** The exports of one organisation, as its finance team uses them. */
final class Exports {

    static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final UUID org;

    Exports(UUID org) {
        this.org = org;
    }

    /** An order of everything in March 2026. */
    static Order order() {
        return new Order().days("2026-03");
    }

    /** The body of a request, to be changed by tests. */
    static final class Order {

        private final ObjectNode body = Figures.JSON.createObjectNode();

        Order days(String month) {
            YearMonth days = YearMonth.parse(month);
            return range(days.atDay(1) + "T00:00:00Z", days.plusMonths(1).atDay(1) + "T00:00:00Z");
        }

        Order range(Object start, Object end) {
            body.putObject("timeRange").put("start", start.toString()).put("end", end.toString());
            return this;
        }

        Order granularity(String word) {
            body.put("granularity", word);
            return this;
        }

        Order timeZone(String name) {
            body.put("timeZone", name);
            return this;
        }

        Order model(UUID model) {
            body.withArray("models").add(model.toString());
            return this;
        }

        Order format(String word) {
            body.put("format", word);
            return this;
        }

        /** For a German spreadsheet. */
        Order german() {
            body.putObject("csv")
                    .put("delimiter", ";")
                    .put("decimalMark", ",")
                    .put("bom", true)
                    .put("textNames", true);
            return this;
        }

        Order delivery() {
            body.putObject("delivery").put("type", "s3");
            return this;
        }

        Order bucket(String name) {
            body.putObject("delivery").put("type", "s3").put("bucket", name);
            return this;
        }

        String json() {
            return body.toString();
        }
    }

    String path() {
        return "/analytics/v1/orgs/" + org + "/exports";
    }

    String path(String id) {
        return path() + "/" + id;
    }

    /** A request of the finance team. */
    RequestSpecification request() {
        return given().auth().oauth2(Tokens.of("finance", org));
    }

    Response create(Order order, String... idempotencyKeys) {
        return create(order.json(), idempotencyKeys);
    }

    Response create(String body, String... idempotencyKeys) {
        RequestSpecification request = request().contentType("application/json").body(body);
        for (String key : idempotencyKeys) {
            request.header("Idempotency-Key", key);
        }
        return request.post(path());
    }

    /** The id of a job that is accepted. */
    String accepted(Order order, String... idempotencyKeys) {
        return create(order, idempotencyKeys).then().statusCode(202).extract().path("jobId");
    }

    ValidatableResponse job(String id) {
        return request().get(path(id)).then();
    }

    ValidatableResponse cancel(String id) {
        return request().delete(path(id)).then();
    }

    /** The job, once its status is no longer pending or running. */
    JsonPath ended(String id) {
        await("the end of export " + id)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> !List.of("pending", "running")
                        .contains(job(id).extract().path("status")));
        return job(id).statusCode(200).extract().jsonPath();
    }

    /** The job, once it says why it waits. */
    ValidatableResponse waiting(String id) {
        await("the problem of export " + id)
                .atMost(PATIENCE)
                .until(() -> job(id).extract().path("lastProblem") != null);
        return job(id);
    }

    JsonPath exported(Order order) {
        JsonPath job = ended(accepted(order));
        assertThat(job.getString("status")).as(job.prettify()).isEqualTo("succeeded");
        return job;
    }

    Response download(String id) {
        return request().redirects().follow(false).get(path(id) + "/download");
    }

    /** The URL of the file in a body. */
    Response link(String id) {
        return request().accept("application/json").redirects().follow(false).get(path(id) + "/download");
    }

    Response headOfDownload(String id) {
        return request().redirects().follow(false).head(path(id) + "/download");
    }

    HttpResponse<byte[]> file(JsonPath job) throws Exception {
        String signed = download(job.getString("jobId"))
                .then()
                .statusCode(302)
                .extract()
                .header("Location");
        return fetch(URI.create(signed));
    }

    CsvText csv(Order order) throws Exception {
        return csv(file(exported(order)));
    }

    static CsvText csv(HttpResponse<byte[]> file) {
        assertThat(file.statusCode()).isEqualTo(200);
        return CsvText.parse(new String(file.body(), StandardCharsets.UTF_8));
    }

    static HttpResponse<byte[]> fetch(URI address) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    /** The object of this name under the organisation's prefix, read the way that its readers do. */
    HttpResponse<byte[]> object(ObjectStore store, String name) throws Exception {
        return fetch(store.sign(location(store, name), "x.csv", Duration.ofMinutes(1)));
    }

    ObjectLocation location(ObjectStore store, String name) {
        return new ObjectLocation(store.defaultBucket(), "analytics/exports/%s/%s".formatted(org, name));
    }
}
