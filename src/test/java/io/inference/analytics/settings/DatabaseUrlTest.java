package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {

    private static final String DEFAULTS = "?ApplicationName=analytics&tcpKeepAlive=true";

    @Test
    void theUsualSpellingBecomesJdbcWithoutCredentials() {
        DatabaseUrl url = DatabaseUrl.parse("postgres://me:p%40ss+%2Fw%C3%B6rd@db.example:5433/analytics");
        assertThat(url.jdbcUrl()).isEqualTo("jdbc:postgresql://db.example:5433/analytics" + DEFAULTS);
        assertThat(url.username()).contains("me");
        assertThat(url.password()).contains("p@ss+/wörd");
        assertThat(url.toString()).doesNotContain("p@ss").doesNotContain("p%40ss");
    }

    @Test
    void jdbcKeepsItsParametersButNotItsCredentials() {
        DatabaseUrl url = DatabaseUrl.parse(
                "jdbc:postgresql://db/analytics?user=me&password=secret&sslmode=require&connectTimeout=5");
        assertThat(url.jdbcUrl())
                .isEqualTo("jdbc:postgresql://db/analytics?ApplicationName=analytics&connectTimeout=5&sslmode=require"
                        + "&tcpKeepAlive=true");
        assertThat(url.username()).contains("me");
        assertThat(url.password()).contains("secret");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgres://h/d",
                "postgresql://h/d",
                "jdbc:postgresql://h/d",
                "postgres://u@h/d",
                "postgres://h1:5432,h2:5433/d",
                "postgres://u:p@[::1]:5432/d",
                "postgres://u:p@usage_db:5432/d",
                "jdbc:postgresql://usage_db/d",
                "\npostgres://u:p@usage_db/d\r\n",
                " postgres://h/d ",
                "jdbc:postgresql:d"
            })
    void allSpellingsAreTaken(String value) {
        assertThat(DatabaseUrl.parse(value).jdbcUrl()).startsWith("jdbc:postgresql:");
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                " ",
                "mysql://u:topsecret@h/d",
                "postgres://",
                "postgres://u:topsecret@/d",
                "postgres://u:topsecret@h",
                "postgres://u:topsecret@h:port/d",
                "postgres://u:topsecret@h:99999/d",
                "jdbc:postgresql:",
                "u:topsecret@h/d",
                "postgres://u:topsecret%@h/d",
                "postgres://u:topsecret@h/d/e"
            })
    void whatIsMissingOrMalformedIsNamedWithoutTheSecret(String value) {
        assertThatThrownBy(() -> DatabaseUrl.parse(value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("DATABASE_URL")
                .hasMessageContaining("expected: postgres://")
                .message()
                .doesNotContain("topsecret");
    }

    @ParameterizedTest
    @CsvSource({
        "postgres://h/d?sslmode=verify-full, true",
        "postgres://h/d?sslmode=verify-ca, true",
        "postgres://h/d?sslmode=require, false",
        "postgres://h/d, false",
        "postgres://h/d?sslmode=verify-full&sslrootcert=/ca.pem, false",
        "postgres://h/d?sslmode=verify-full&sslfactory=x.Y, false"
    })
    void theJvmsAuthoritiesCountWhereACheckNamesNoneOfItsOwn(String url, boolean added) {
        String trusting = DatabaseUrl.parse(url).trustingTheJvm().jdbcUrl();
        assertThat(trusting.endsWith("&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory"))
                .isEqualTo(added);
    }
}
