package io.inference.analytics.audit;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.access.AuditTrail.Decision;
import io.inference.analytics.access.AuditTrail.Outcome;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@WithBackends
class AuditIT {

    private static final String RANGE = "?start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z";

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    AuditWriter writer;

    @Inject
    AuditLogStore store;

    @Inject
    AuditVerification verification;

    @Inject
    AuditUpkeep upkeep;

    private final UUID own = UUID.randomUUID();
    private final UUID foreign = UUID.randomUUID();

    private static ValidatableResponse get(String token, String path) {
        return given().auth().oauth2(token).get("/analytics/v1/" + path).then();
    }

    private void execute(String... sql) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            for (String one : sql) {
                statement.execute(one);
            }
        }
    }

    private String text(String sql) {
        return new Sql(database).text(sql);
    }

    private int purge(Instant before) {
        return jdbi.withHandle(handle -> store.purge(handle, before));
    }

    private List<String> faults() throws IOException {
        return verification.run(List.of(), false).faults();
    }

    @Test
    void whatWasReadAndRefusedCanBeReadByTheAdminOfTheOrganisation() {
        get(Tokens.of("engineer", own), "orgs/" + own + "/usage" + RANGE).statusCode(200);
        get(Tokens.of("engineer", foreign), "orgs/" + own + "/usage" + RANGE).statusCode(403);
        get(Tokens.of("system-admin"), "orgs/" + own + "/freshness").statusCode(200);
        given().get("/analytics/v1/orgs/" + own + "/usage").then().statusCode(401);

        // Refusals do not wait for their entries.
        String found = "entries.findAll { it.action != 'analytics:audit:read' }";
        await().atMost(PATIENCE).untilAsserted(() -> get(Tokens.of("org-admin", own), "orgs/" + own + "/audit")
                .statusCode(200)
                .body(
                        found + ".action",
                        equalTo(List.of(
                                "analytics:usage:read",
                                "analytics:freshness:read",
                                "analytics:usage:read",
                                "analytics:usage:read")))
                .body("entries.orgId", everyItem(equalTo(own.toString())))
                .body(found + ".outcome", equalTo(List.of("denied", "allowed", "denied", "allowed")))
                .body(found + "[0].actor", nullValue())
                .body(found + "[1].crossOrg", equalTo(true))
                .body(found + "[2].actor", equalTo("tester"))
                .body(found + "[3].crossOrg", equalTo(false))
                .body(found + "[3].method", equalTo("GET"))
                .body(found + "[3].path", equalTo("/analytics/v1/orgs/" + own + "/usage"))
                .body(found + "[3].traceId", notNullValue())
                .body(found + "[3].hash", notNullValue())
                .body("nextCursor", nullValue()));
        get(Tokens.of("org-admin", own), "orgs/" + own + "/audit?outcome=denied&actor=tester")
                .body("entries", hasSize(1));
        get(Tokens.of("org-admin", own), "orgs/" + own + "/audit?end=2020-01-01T00:00:00Z")
                .body("entries", hasSize(0));
    }

    @Test
    void onlyThosePermittedReadTheLog() {
        for (String role : List.of("engineer", "finance")) {
            get(Tokens.of(role, own), "orgs/" + own + "/audit").statusCode(403);
        }
        get(Tokens.of("company-finance"), "orgs/" + own + "/audit").statusCode(403);
        get(Tokens.of("org-admin", foreign), "orgs/" + own + "/audit").statusCode(403);
        get(Tokens.of("org-admin", own), "audit").statusCode(403);
        get(Tokens.of("analytics:audit:read", own), "audit").statusCode(403);
        get(Tokens.of("system-admin"), "audit").statusCode(200);
        await().atMost(PATIENCE)
                .untilAsserted(() -> get(Tokens.of("system-admin"), "audit?orgId=" + own + "&outcome=denied")
                        .body("entries.action", everyItem(startsWith("analytics:audit:read")))
                        .body("entries", hasSize(4)));
        get(Tokens.of("system-admin"), "audit?orgId=x&limit=0&outcome=maybe&cursor=x&nope=1&start=2026-01-01")
                .statusCode(400)
                .body("errors", hasSize(6));
    }

    @Test
    void pagesHoldEveryEntryOnceAlthoughOthersAreAdded() {
        String token = Tokens.of("org-admin", own);
        for (int i = 0; i < 7; i++) {
            get(token, "orgs/" + own + "/freshness").statusCode(200);
        }
        Set<Integer> seqs = new HashSet<>();
        List<Integer> sizes = new ArrayList<>();
        String cursor = "";
        do {
            var page = get(token, "orgs/" + own + "/audit?action=analytics:freshness:read&limit=3" + cursor)
                    .statusCode(200)
                    .extract()
                    .jsonPath();
            List<Integer> found = page.getList("entries.seq");
            sizes.add(found.size());
            seqs.addAll(found);
            cursor = page.getString("nextCursor") == null ? "" : "&cursor=" + page.getString("nextCursor");
        } while (!cursor.isEmpty());
        assertThat(sizes).containsExactly(3, 3, 1);
        assertThat(seqs).hasSize(7);
    }

    @Test
    void hostileNamesAreKeptAsTheyAre() throws Exception {
        String actor = "x\"\n'; drop table analytics.audit_log; --\u0000\ud800\u2603";
        CompletableFuture<Void> kept = writer.record(new Decision(
                        Instant.now(),
                        Optional.of(actor),
                        "a",
                        Optional.of(own.toString()),
                        Outcome.DENIED,
                        false,
                        "GET",
                        "/" + "p".repeat(5_000),
                        "t"))
                .toCompletableFuture();
        kept.get();
        get(Tokens.of("system-admin"), "audit?orgId=" + own)
                .body("entries.actor", hasItem("x\"\n'; drop table analytics.audit_log; --\ufffd\ufffd\u2603"));
        assertThat(faults()).isEmpty();
    }

    @Test
    void manyAtOnceMakeOneChainInFewCommits() throws Exception {
        long before = Long.parseLong(text("select seq from analytics.audit_head"));
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            all.add(writer.record(new Decision(
                            Instant.now(),
                            Optional.of("load"),
                            "a",
                            Optional.of(own.toString()),
                            Outcome.ALLOWED,
                            false,
                            "GET",
                            "/p",
                            "t" + i))
                    .toCompletableFuture());
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get();
        assertThat(Long.parseLong(text("select seq from analytics.audit_head")) - before)
                .isEqualTo(2_000);
        assertThat(text("select count(*) from analytics.audit_log where org_id = '" + own + "'"))
                .isEqualTo("2000");
        assertThat(Integer.parseInt(text(
                        "select count(distinct recorded_at) from analytics.audit_log where org_id = '" + own + "'")))
                .as("groups")
                .isLessThan(200);
        assertThat(faults()).isEmpty();
    }

    /** Each line: what somebody with all rights does, how it is undone, and the fault that is reported. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            update analytics.audit_log set actor = 'nobody' where seq = $ | update analytics.audit_log set actor = 'tester' where seq = $ | seq $: changed
            update analytics.audit_log set outcome = 'denied' where seq = $ | update analytics.audit_log set outcome = 'allowed' where seq = $ | seq $: changed
            update analytics.audit_log set recorded_at = recorded_at + interval '1 microsecond' where seq = $ | update analytics.audit_log set recorded_at = recorded_at - interval '1 microsecond' where seq = $ | seq $: changed
            update analytics.audit_log set hash = sha256(hash) where seq = $ | update analytics.audit_log set hash = (select hash from kept where seq = $) where seq = $ | seq $: changed
            delete from analytics.audit_log where seq = $ | insert into analytics.audit_log select * from kept where seq = $ | seq $ to $: removed
            """)
    void whatWasTamperedWithIsFound(String tamper, String undo, String said) throws Exception {
        get(Tokens.of("org-admin", own), "orgs/" + own + "/freshness").statusCode(200);
        String seq = text("select max(seq) from analytics.audit_log");
        get(Tokens.of("org-admin", own), "orgs/" + own + "/freshness").statusCode(200);
        assertThat(faults()).isEmpty();
        execute("drop table if exists kept", "create table kept as select * from analytics.audit_log");
        execute(tamper.replace("$", seq));
        try {
            assertThat(faults()).first().asString().startsWith(said.replace("$", seq));
        } finally {
            execute(undo.replace("$", seq), "drop table kept");
        }
        assertThat(faults()).isEmpty();
    }

    @Test
    void anotherOrderAndACutTailAreFound() throws Exception {
        for (int i = 0; i < 4; i++) {
            get(Tokens.of("org-admin", own), "orgs/" + own + "/freshness").statusCode(200);
        }
        long last = Long.parseLong(text("select max(seq) from analytics.audit_log"));
        AuditHead published = new AuditHead(last, text("select encode(hash, 'hex') from analytics.audit_head"));
        execute(
                "create table kept as select * from analytics.audit_log",
                "create table kept_head as select * from analytics.audit_head");
        String restore = "delete from analytics.audit_log; insert into analytics.audit_log select * from kept;"
                + " update analytics.audit_head set (seq, recorded_at, hash) = (select seq, recorded_at, hash from kept_head)";
        try {
            execute("update analytics.audit_log set seq = case seq when %d then %d else %d end where seq in (%d, %d)"
                    .formatted(last, last - 1, last - 1, last, last - 1));
            assertThat(faults()).isNotEmpty();
            execute(restore);
            assertThat(faults()).isEmpty();

            execute("delete from analytics.audit_log where seq > " + (last - 2));
            assertThat(faults()).anySatisfy(fault -> assertThat(fault).contains("cut off"));

            // If the head was moved back too, a head that was published before reveals it.
            execute(
                    "update analytics.audit_head set (seq, recorded_at, hash) = (select seq, recorded_at, hash from analytics.audit_log where seq = %d)"
                            .formatted(last - 2));
            assertThat(faults()).isEmpty();
            assertThat(verification.run(List.of(published), false).faults())
                    .anySatisfy(fault -> assertThat(fault).contains("was published and is cut off"));

            // A forged tail of the same length has other hashes.
            get(Tokens.of("org-admin", own), "orgs/" + own + "/freshness").statusCode(200);
            get(Tokens.of("org-admin", own), "orgs/" + own + "/freshness").statusCode(200);
            assertThat(verification.run(List.of(published), false).faults())
                    .containsExactly("seq %d: another hash was published (%s)".formatted(last, published.hash()));
        } finally {
            execute(restore, "drop table kept", "drop table kept_head");
        }
        assertThat(verification.run(List.of(published), false).faults()).isEmpty();
    }

    @Test
    void nothingIsAnsweredThatCanNotBeAudited() throws Exception {
        String path = "orgs/" + own + "/usage" + RANGE;
        get(Tokens.of("engineer", own), path).statusCode(200);
        execute("alter table analytics.audit_log rename to audit_log_away");
        try {
            get(Tokens.of("engineer", own), path)
                    .statusCode(503)
                    .contentType("application/problem+json")
                    .header("Retry-After", notNullValue())
                    .body("totals", nullValue())
                    .body("status", equalTo(503));
            given().auth()
                    .oauth2(Tokens.of("finance", own))
                    .contentType("application/json")
                    .body("{}")
                    .post("/analytics/v1/orgs/" + own + "/exports")
                    .then()
                    .statusCode(503);
            get(Tokens.of("engineer", foreign), path).statusCode(403);
            given().get("/analytics/v1/status/healthz").then().statusCode(200);
        } finally {
            execute("alter table analytics.audit_log_away rename to audit_log");
        }
        await().atMost(PATIENCE)
                .untilAsserted(() -> get(Tokens.of("engineer", own), path).statusCode(200));
        assertThat(text("select count(*) from analytics.audit_log where outcome = 'denied' and org_id = '" + own + "'"))
                .as("kept when the log was back")
                .isEqualTo("1");
        assertThat(faults()).isEmpty();
    }

    @Test
    void retentionDropsWholeMonthsBehindACheckpoint() throws Exception {
        // A chain that began long ago, in place of the current one.
        UUID chain = UUID.randomUUID();
        execute(
                "truncate analytics.audit_log",
                "select analytics.ensure_audit_month('2021-03-01'), analytics.ensure_audit_month('2021-04-01')");
        byte[] hash = AuditChain.genesis(chain);
        List<String> times = List.of("2021-03-10T00:00:00Z", "2021-03-31T23:59:59.999999Z", "2021-04-01T00:00:00Z");
        String lastOfMarch = "";
        for (int seq = 1; seq <= times.size(); seq++) {
            Instant at = Instant.parse(times.get(seq - 1));
            AuditEntry entry = new AuditEntry(
                    seq, at, at, Optional.empty(), "a", Optional.empty(), "denied", false, "GET", "/p", "t");
            hash = AuditChain.next(hash, entry);
            String hex = HexFormat.of().formatHex(hash);
            execute(
                    "insert into analytics.audit_log values (%d, '%s', '%s', null, 'a', null, 'denied', false, 'GET', '/p', 't', decode('%s', 'hex'))"
                            .formatted(seq, at, at, hex));
            execute(
                    "update analytics.audit_head set chain = '%s', seq = %d, recorded_at = '%s', hash = decode('%s', 'hex')"
                            .formatted(chain, seq, at, hex));
            lastOfMarch = seq == 2 ? hex : lastOfMarch;
        }
        assertThat(faults()).isEmpty();
        assertThat(purge(Instant.parse("2021-04-15T00:00:00Z"))).isEqualTo(1);
        assertThat(text("select seq || ':' || encode(hash, 'hex') from analytics.audit_checkpoints"))
                .isEqualTo("2:" + lastOfMarch);
        assertThat(verification.run(List.of(), false)).satisfies(report -> {
            assertThat(report.faults()).isEmpty();
            assertThat(report.firstSeq()).isEqualTo(3);
        });

        assertThat(upkeep.runOnce()).as("April").isEqualTo(1);
        get(Tokens.of("org-admin", own), "orgs/" + own + "/freshness").statusCode(200);
        assertThat(text("select min(seq) from analytics.audit_log")).isEqualTo("4");
        assertThat(faults()).isEmpty();

        assertThat(purge(Instant.now().plusSeconds(100L * 86_400)))
                .as("nothing younger than 30 days is dropped, whatever time is asked for")
                .isZero();
        execute("update analytics.audit_checkpoints set hash = sha256(hash) where seq = 3");
        assertThat(faults()).isNotEmpty();
        execute("update analytics.audit_checkpoints set hash = (select decode('%s', 'hex')) where seq = 3"
                .formatted(HexFormat.of().formatHex(hash)));
        assertThat(faults()).isEmpty();
    }
}
