package io.inference.analytics.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SqlPartTest {

    private static final UUID ID = UUID.fromString("0a000000-0000-0000-0000-000000000001");

    @Test
    void valuesTakeThePlacesInTheirOrder() {
        SqlPart part = SqlPart.joined(
                        " or ",
                        List.of(
                                new SqlPart("a = ?", List.of(ID)),
                                new SqlPart("b >= ?", List.of(Instant.parse("2026-03-01T00:00:00Z")))))
                .and(" and c = any (?)", List.of(ID, ID));
        assertThat(part.inlined())
                .isEqualTo(
                        "a = '%1$s'::uuid or b >= '2026-03-01T00:00:00Z'::timestamptz and c = any ('{%1$s,%1$s}'::uuid[])"
                                .formatted(ID));
    }

    /** Nothing that would need quotes gets into a statement. */
    @Test
    void textIsRefused() {
        assertThatThrownBy(() -> new SqlPart("a = ?", List.of("x")).inlined())
                .isInstanceOf(IllegalArgumentException.class);
    }
}
