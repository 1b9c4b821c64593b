package io.inference.analytics.audit;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends(s3 = true)
class AuditHeadsIT {

    @Inject
    AgroalDataSource database;

    @Inject
    AuditHeadJob job;

    @Inject
    AuditVerification verification;

    private final UUID own = UUID.randomUUID();

    private void read() {
        given().auth()
                .oauth2(Tokens.of("engineer", own))
                .get("/analytics/v1/orgs/" + own + "/freshness")
                .then()
                .statusCode(200);
    }

    private void execute(String... sql) throws Exception {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            for (String one : sql) {
                statement.execute(one);
            }
        }
    }

    @Test
    void aTailThatIsCutWithAllRightsIsMissedInTheFileStore() throws Exception {
        read();
        read();
        AuditHead head = job.runOnce().orElseThrow();
        AuditVerification.Report sound = verification.run(List.of(), true);
        assertThat(sound.faults()).isEmpty();
        assertThat(sound.headsChecked()).isPositive();
        execute(
                "create table kept as select * from analytics.audit_log where seq = " + head.seq(),
                "delete from analytics.audit_log where seq = " + head.seq(),
                "update analytics.audit_head set (seq, recorded_at, hash) = (select seq, recorded_at, hash from analytics.audit_log order by seq desc limit 1)");
        try {
            assertThat(verification.run(List.of(), false).faults()).isEmpty();
            assertThat(verification.run(List.of(), true).faults()).anySatisfy(fault -> assertThat(fault)
                    .startsWith("seq " + head.seq() + ": was published and is cut off"));
        } finally {
            execute(
                    "insert into analytics.audit_log select * from kept",
                    "update analytics.audit_head set (seq, recorded_at, hash) = (select seq, recorded_at, hash from kept)",
                    "drop table kept");
        }
        assertThat(verification.run(List.of(), true).faults()).isEmpty();
    }
}
