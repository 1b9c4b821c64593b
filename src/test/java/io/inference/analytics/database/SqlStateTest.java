package io.inference.analytics.database;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.postgresql.util.ServerErrorMessage;

class SqlStateTest {

    /** What the coordinator of flavour citus answers, and what the driver says of a connection of our own. */
    @Test
    void aWorkerThatIsDownDoesNotTakeTheServerForLost() {
        PSQLException ofWorker = new PSQLException(
                new ServerErrorMessage("SERROR\0C08006\0Mconnection to the remote node 10.0.0.2:5432 failed\0\0"));
        PSQLException ofServer = new PSQLException("An I/O error occurred", PSQLState.CONNECTION_FAILURE);

        assertThat(ofWorker.getSQLState()).isEqualTo("08006").isEqualTo(ofServer.getSQLState());
        assertThat(SqlState.unreachable(ofWorker)).isFalse();
        assertThat(SqlState.busy(ofWorker)).isTrue();
        assertThat(SqlState.unreachable(ofServer)).isTrue();
        assertThat(SqlState.busy(ofServer)).isFalse();
    }

    /** What PgBouncer answers on a connection whose server has gone. */
    @Test
    void aPoolerThatHasLostItsServerIsALostConnection() {
        PSQLException ofPooler = new PSQLException(new ServerErrorMessage("SFATAL\0C08P01\0Mserver conn crashed?\0\0"));

        assertThat(ofPooler.getSQLState()).isEqualTo("08P01");
        assertThat(SqlState.connectionLost(ofPooler)).isTrue();
        assertThat(SqlState.unreachable(ofPooler)).isTrue();
        assertThat(SqlState.busy(ofPooler)).isFalse();
    }
}
