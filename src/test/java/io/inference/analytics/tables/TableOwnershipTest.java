package io.inference.analytics.tables;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Arrows between rooms that go through the database: each table has one owner, and a room that uses
 * another one's table says so in its package-info.
 */
class TableOwnershipTest {

    /** Sources whose statements get a table's name at run time, and the tables that they change so. */
    private static final Map<String, SqlUse> BUILT_IN_JAVA = Map.of(
            "bills/DayRows.java",
                    SqlUse.changing(
                            "claude_ai_event",
                            "claude_code_productivity",
                            "claude_costs",
                            "claude_usage_report",
                            "cursor_daily_usage",
                            "cursor_spend_snapshot",
                            "cursor_usage_event",
                            "openai_costs",
                            "openai_usage_report"),
            "rollup/UpkeepJob.java",
                    SqlUse.changing(
                            "ingestion_batches",
                            "ingestion_conflicts",
                            "ingestion_repeats",
                            "ingestion_skipped_offsets"),
            "ingest/UsageEventStore.java", SqlUse.changing("ingest_stage"),
            // These change no row.
            "bills/ProviderValidation.java", SqlUse.NONE,
            "company/ProviderCostsStore.java", SqlUse.NONE,
            "export/ExportSnapshot.java", SqlUse.NONE,
            "rollup/PastEventIndexes.java", SqlUse.NONE,
            "usage/RollupSlices.java", SqlUse.NONE);

    /** Functions that put statements together, and the tables that they change so. */
    private static final Map<String, SqlUse> BUILT_IN_SQL = Map.of(
            "purge",
            SqlUse.changing(
                    "usage_events",
                    "usage_hourly_rollup",
                    "usage_daily_rollup",
                    "usage_user_hourly_rollup",
                    "usage_user_daily_rollup"),
            "purge_audit",
            SqlUse.changing("audit_log"),
            // They add partitions and indexes, and change no row.
            "ensure_day",
            SqlUse.NONE,
            "index_past_events",
            SqlUse.NONE,
            "ensure_user_months",
            SqlUse.NONE,
            // What it executes sets a limit.
            "pass_gate",
            SqlUse.changing("ingest_gate"),
            // The tables of continuous aggregates have names that the extension chooses.
            "erase_user",
            SqlUse.NONE,
            "ensure_audit_month",
            SqlUse.NONE);

    private static final Schema SCHEMA = new Schema(Path.of("db", "migrations"), BUILT_IN_SQL);
    private static final List<Room> ROOMS = Room.all();

    @ParameterizedTest
    @MethodSource("rooms")
    void aRoomSaysWhichTablesItUses(Room room) {
        assertThat(room.line()).as("src/main/java/…/%s/package-info.java", room).isEqualTo(expected(room));
    }

    @Test
    void everyTableHasOneOwner() {
        assertThat(owned()).doesNotHaveDuplicates().containsAll(SCHEMA.tables());
    }

    @Test
    void anOwnerWritesItsTables() {
        Set<String> unwritten = new TreeSet<>();
        for (Room room : ROOMS) {
            Set<String> tables = new TreeSet<>(room.owned());
            tables.retainAll(SCHEMA.tables());
            tables.removeAll(use(room).changes());
            tables.forEach(table -> unwritten.add(room + ": " + table));
        }
        assertThat(unwritten).isEmpty();
    }

    @Test
    void whatIsBuiltAtRunTimeIsNamed() {
        List<String> built = sources()
                .filter(source -> source.isBuiltAtRunTime(SCHEMA))
                .map(JavaSource::name)
                .toList();
        assertThat(built).containsExactlyInAnyOrderElementsOf(BUILT_IN_JAVA.keySet());
        assertThat(SCHEMA.executing()).containsExactlyInAnyOrderElementsOf(BUILT_IN_SQL.keySet());
    }

    @Test
    void aTableIsNamedWithItsSchema() {
        Set<String> bare = new TreeSet<>(SCHEMA.withoutSchema());
        sources().forEach(source -> bare.addAll(source.withoutSchema(SCHEMA)));
        assertThat(bare).isEmpty();
    }

    /** The sentence of a package-info; owns is a decision, the rest follows from the SQL. */
    private static String expected(Room room) {
        List<String> clauses = new ArrayList<>();
        if (!room.owned().isEmpty()) {
            clauses.add("owns " + String.join(", ", room.owned()));
        }
        foreign(room, use(room).changes()).ifPresent(tables -> clauses.add("changes " + tables));
        foreign(room, use(room).reads()).ifPresent(tables -> clauses.add("reads " + tables));
        return "Tables: " + (clauses.isEmpty() ? "none" : String.join("; ", clauses)) + ".";
    }

    private static Optional<String> foreign(Room room, Set<String> tables) {
        Map<String, List<String>> byOwner = tables.stream()
                .filter(table -> !room.owned().contains(table))
                .collect(Collectors.groupingBy(TableOwnershipTest::owner, TreeMap::new, Collectors.toList()));
        return byOwner.entrySet().stream()
                .map(entry -> String.join(", ", entry.getValue()) + " (" + entry.getKey() + ")")
                .reduce((some, others) -> some + ", " + others);
    }

    private static String owner(String table) {
        return ROOMS.stream()
                .filter(room -> room.owned().contains(table))
                .map(Room::toString)
                .findFirst()
                .orElse("no room owns it");
    }

    private static SqlUse use(Room room) {
        SqlUse use = SqlUse.NONE;
        for (JavaSource source : room.sources()) {
            use = use.and(source.use(SCHEMA)).and(BUILT_IN_JAVA.getOrDefault(source.name(), SqlUse.NONE));
        }
        return use;
    }

    private static List<String> owned() {
        return ROOMS.stream().flatMap(room -> room.owned().stream()).toList();
    }

    private static Stream<JavaSource> sources() {
        return ROOMS.stream().flatMap(room -> room.sources().stream());
    }

    private static List<Room> rooms() {
        return ROOMS;
    }
}
