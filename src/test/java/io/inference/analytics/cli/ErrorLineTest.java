package io.inference.analytics.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.ConfigValidationException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

class ErrorLineTest {

    private static String settings(String... problems) {
        return ErrorLine.of(new RuntimeException(
                "start",
                new ConfigValidationException(Stream.of(problems)
                        .map(ConfigValidationException.Problem::new)
                        .toArray(ConfigValidationException.Problem[]::new))));
    }

    @Test
    void everySettingAtFaultIsNamedOnceByItsVariable() {
        assertThat(
                        settings(
                                "java.lang.IllegalArgumentException: DATABASE_URL is not set (expected: x)",
                                "java.lang.IllegalArgumentException: DATABASE_URL is not set (expected: x)",
                                "java.util.NoSuchElementException: SRCFG00011: Could not expand value RABBITMQ_URL in property analytics.rabbitmq.url"))
                .isEqualTo(
                        "DATABASE_URL is not set (expected: x); RABBITMQ_URL is not set (expected: amqp://user:password@host:port/vhost, or amqps for TLS)");
        assertThat(
                        settings(
                                "java.lang.IllegalArgumentException: SRCFG00039: The config property analytics.ingestion.batch-size with the config value \"abc\" threw an Exception whilst being converted SRCFG00029: Expected an integer value, got \"abc\""))
                .isEqualTo("INGESTION_BATCH_SIZE: Expected an integer value, got \"abc\"");
    }

    @Test
    void aChoiceIsToldWithWhatThereIsToChoose() {
        assertThat(settings(
                        "SRCFG00039: The config property analytics.ingestion.transport with the config value \"foo\" threw an Exception"
                                + " whilst being converted SRCFG00049: Cannot convert foo to enum class io.x.Config$Transport, allowed"
                                + " values: stream,queue"))
                .isEqualTo("INGESTION_TRANSPORT: foo (expected: stream,queue)");
    }

    @Test
    void aSettingThatMayHoldASecretIsNotQuoted() {
        assertThat(settings(
                        "SRCFG00039: The config property analytics.rabbitmq.url with the config value \"hush\" threw"
                                + " an Exception whilst being converted SRCFG00001: no hush"))
                .isEqualTo(
                        "RABBITMQ_URL is malformed (expected: amqp://user:password@host:port/vhost, or amqps for TLS)");
        assertThat(settings("SRCFG00040: The config property analytics.rabbitmq.url is defined as the empty String"))
                .startsWith("RABBITMQ_URL is not set");
    }

    @Test
    void theDatabaseIsBlamedByItsStateAndNotByItsWords() {
        assertThat(ErrorLine.of(new IllegalStateException("x", new SQLException("password hush", "28P01"))))
                .isEqualTo("DATABASE_URL: the database refuses user or password (SQLState 28P01)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "08P01 | refuses the connection | FATAL: unsupported startup parameter: extra_float_digits | extra_float_digits (expected: PostgreSQL itself, or PgBouncer in session mode",
                "08P01 | refuses the connection | FATAL: transaction blocks not allowed in statement pooling mode | PgBouncer in session mode",
                "08004 | refuses the connection | The server does not support SSL. | The server does not support SSL.",
                "08001 | does not answer | Connection to db:1 refused. Check that | Connection to db:1 refused."
            })
    void whatADatabaseAnsweredStandsInTheLine(String state, String does, String answer, String told) {
        assertThat(ErrorLine.of(new IllegalStateException("x", new SQLException(answer, state))))
                .startsWith("DATABASE_URL: the database " + does + " (SQLState " + state + "): ")
                .contains(told);
    }

    /** As the driver throws what the other side itself has said. */
    @ParameterizedTest
    @CsvSource({
        "unsupported startup parameter: extra_float_digits",
        "transaction blocks not allowed in statement pooling mode"
    })
    void aPoolersOwnAnswerIsARefusedConnection(String answer) {
        PSQLException reported = new PSQLException(new ServerErrorMessage("SFATAL\0C08P01\0M" + answer + "\0\0"));
        assertThat(ErrorLine.of(new IllegalStateException("x", reported)))
                .isEqualTo("DATABASE_URL: the database refuses the connection (SQLState 08P01): FATAL: " + answer
                        + " (expected: PostgreSQL itself, or PgBouncer in session mode with ignore_startup_parameters ="
                        + " extra_float_digits)");
    }

    @Test
    void theCauseBelowTheDriverStandsInTheLine() {
        assertThat(ErrorLine.of(new SQLException(
                        "The connection attempt failed.", "08001", new UnknownHostException("no.such.host"))))
                .isEqualTo("DATABASE_URL: the database does not answer (SQLState 08001):"
                        + " The connection attempt failed. unknown host");
    }

    @Test
    void theOutermostMessageThatSaysSomethingIsTaken() {
        assertThat(ErrorLine.of(new RuntimeException("io.quarkus.X: boom", new IllegalStateException("said\nmore"))))
                .isEqualTo("said");
        assertThat(ErrorLine.of(new NullPointerException())).isEqualTo("NullPointerException");
        assertThat(ErrorLine.of(new IllegalStateException("io.quarkus.Bound: Port already bound: 1")))
                .isEqualTo("Port already bound: 1");
    }
}
