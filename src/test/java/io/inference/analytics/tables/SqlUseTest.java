package io.inference.analytics.tables;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a statement says that it changes and reads. */
class SqlUseTest {

    private static final Schema SCHEMA = new Schema(Path.of("db", "migrations"), Map.of());

    @Test
    void changesAndReadsAreToldApart() {
        SqlUse use = SqlUse.of(
                "insert into analytics.orgs (org_id) select org_id from analytics.usage_daily join analytics.models",
                SCHEMA);
        assertThat(use.changes()).containsExactly("orgs");
        assertThat(use.reads()).containsExactly("models", "usage_daily");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "update analytics.orgs set name = ''",
                "UPDATE ONLY analytics.orgs",
                "delete\n from analytics.orgs",
                "truncate analytics.orgs",
                "with x as (select 1) insert into analytics.orgs select 1",
                "merge into analytics.orgs",
                "copy analytics.orgs from stdin",
                "lock table analytics.orgs"
            })
    void changes(String sql) {
        assertThat(SqlUse.of(sql, SCHEMA)).isEqualTo(SqlUse.changing("orgs"));
    }

    @Test
    void aFunctionDoesWhatItsBodyDoes() {
        assertThat(SqlUse.of("select analytics.rebuild_cursor_day(:org, :day)", SCHEMA))
                .isEqualTo(new SqlUse(Set.of("fact_cursor_daily_usage"), Set.of("cursor_daily_usage")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select a from %s",
                "select a, b from %2$s t",
                "delete from §",
                "insert into <table> values (1)",
                "from analytics.%1$s where a = b",
                "select a from b join § on c",
                "copy § from stdin",
                "update %s set a = b",
                "execute format('drop table %I', part)"
            })
    void aNameThatComesAtRunTimeIsSeen(String sql) {
        assertThat(SqlUse.isBuiltAtRunTime(sql)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"select a from b where c = %s", "to: %s (expected: from %s to %s)", "insert into a (%s)"})
    void aValueThatComesAtRunTimeIsNot(String text) {
        assertThat(SqlUse.isBuiltAtRunTime(text)).isFalse();
    }

    @Test
    void aTableWithoutItsSchemaIsSeen() {
        assertThat(SqlUse.withoutSchema("select a from rollup_outbox b", SCHEMA))
                .containsExactly("rollup_outbox");
        assertThat(SqlUse.withoutSchema("select a from batch_stage join analytics.orgs", SCHEMA))
                .isEmpty();
    }
}
