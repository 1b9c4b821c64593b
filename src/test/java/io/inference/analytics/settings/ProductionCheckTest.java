package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProductionCheckTest {

    private static List<String> faults(Setting setting, String value) {
        return ProductionCheck.faults(asked -> asked == setting ? Optional.of(value) : Optional.empty());
    }

    @ParameterizedTest
    @CsvSource({
        "ENABLE_RBAC, false",
        "ENABLE_RBAC, FALSE",
        "DATABASE_URL, postgres://postgres:postgres@db/x",
        "DATABASE_URL, jdbc:postgresql://u:password@db/x",
        "DATABASE_URL, postgres://u:u@db/x",
        "DATABASE_URL, postgres://u:@db/x",
        "DATABASE_URL, postgres://db/x?user=u&password=postgres",
        "DATABASE_URL, jdbc:postgresql://db/x?password=changeme",
        "DATABASE_URL, 'postgres://u:postgres@a:5432,b:5432/x'",
        "DATABASE_URL, postgres://u:p%61ssword@db/x",
        "RABBITMQ_URL, amqp://guest:guest@mq/%2F",
        "RABBITMQ_URL, amqp://mq/%2F",
        "REDIS_URL, redis://:redis@cache",
        "REDIS_URL, redis://:redis@usage_cache",
        "RABBITMQ_URL, 'amqp://guest:guest@mq1,mq2/%2F'",
        "RABBITMQ_URL, amqp://svc:p%61ssword@message_broker/prod",
        "S3_SECRET_KEY, minioadmin",
        "JWT_ISSUER, http://login.example.com/",
        "JWT_JWKS_URL, http://login.example.com/jwks",
        "CONSOLE_OIDC_ISSUER, http://login.example.com/"
    })
    void openDoorsAreOneLineEach(Setting setting, String value) {
        assertThat(faults(setting, value))
                .singleElement()
                .asString()
                .startsWith(setting + " ")
                .contains("(expected: ")
                .doesNotContain("://");
    }

    @ParameterizedTest
    @CsvSource({
        "ENABLE_RBAC, true",
        "DATABASE_URL, postgres://u:S3cr3t-of-its-own@db/x",
        "DATABASE_URL, postgres://u@db/x",
        "RABBITMQ_URL, amqps://u:S3cr3t-of-its-own@mq",
        "REDIS_URL, redis://cache:6379",
        "S3_SECRET_KEY, S3cr3t-of-its-own",
        "JWT_ISSUER, https://login.example.com/",
        "JWT_ISSUER, a-name",
        "JWT_JWKS_URL, http://127.0.0.1:9/jwks"
    })
    void whatIsSafeIsTaken(Setting setting, String value) {
        assertThat(faults(setting, value)).isEmpty();
    }

    @Test
    void withoutSettingsNothingIsUnsafe() {
        assertThat(ProductionCheck.faults(setting -> Optional.empty())).isEmpty();
    }
}
