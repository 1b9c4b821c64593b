package io.inference.analytics.company;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.inference.analytics.platform.Failure;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImportQueryTest {

    private static final Instant NOW = Instant.parse("2026-03-15T10:00:00Z");

    private static Map<String, List<String>> after(String cursor) {
        return Map.of("period", List.of("last-7-days"), "cursor", List.of(cursor));
    }

    @Test
    void theCursorOfAPageOfDaysIsADay() {
        assertThat(ImportQuery.ofDays(after("2026-03-10"), NOW).after()).contains(LocalDate.of(2026, 3, 10));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-999999999-01-01", "+999999999-12-31", "-0001-01-01", "2026-02-30", "2026-3-1", "x"})
    void whatIsNoDayOfACalendarIsRefused(String cursor) {
        assertThatThrownBy(() -> ImportQuery.ofDays(after(cursor), NOW))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("not a cursor");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "9999999999999999999", "x"})
    void whatIsNoIdOfACorrectionIsRefused(String cursor) {
        assertThatThrownBy(() -> ImportQuery.ofCorrections(after(cursor), NOW))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("not a cursor");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-1000000000-01-01T00:00:00Z_00000000-0000-0000-0000-000000000001",
                "+10000-01-01T00:00:00Z_00000000-0000-0000-0000-000000000001",
                "2026-03-10T00:00:00Z_x",
                "2026-03-10T00:00:00Z"
            })
    void whatIsNoPlaceAmongRunsIsRefused(String cursor) {
        assertThatThrownBy(() -> ImportQuery.ofRuns(Map.of("cursor", List.of(cursor))))
                .isInstanceOf(Failure.Invalid.class);
    }
}
