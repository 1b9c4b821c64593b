package io.inference.analytics.database;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StorageFlavourTest {

    @ParameterizedTest
    @ValueSource(strings = {"9.6.24", "14.9", "14.12 (Ubuntu 14.12-1)"})
    void aServerThatCannotRunTheMigrationsIsRefusedInOneLine(String version) {
        assertThatThrownBy(() -> StorageFlavour.requireVersion(version))
                .hasMessage("DATABASE_URL: PostgreSQL " + version + " is too old (expected: 15 or newer)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"15.20 (Debian 15.20-0+deb12u1)", "16beta1", "18.1", "devel"})
    void newerOnesAreTaken(String version) {
        assertThatCode(() -> StorageFlavour.requireVersion(version)).doesNotThrowAnyException();
    }
}
