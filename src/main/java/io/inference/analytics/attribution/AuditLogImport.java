package io.inference.analytics.attribution;

import com.opencsv.CSVReaderHeaderAware;
import com.opencsv.exceptions.CsvException;
import io.inference.analytics.bills.DayImport;
import io.inference.analytics.bills.DayKey;
import io.inference.analytics.bills.DayOutcome;
import io.inference.analytics.bills.ImportRuns;
import io.inference.analytics.bills.ImportStatus;
import io.inference.analytics.bills.RunKind;
import io.inference.analytics.platform.CsvFile;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.DayAnswer;
import io.inference.analytics.provider.DayRow;
import io.inference.analytics.provider.Provider;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;

/**
 * Takes the audit log of claude.ai from the CSV file that an admin exports. A file replaces all days from its first to its last, in
 * whole; so the same file again changes nothing.
 *
 * <p>Structured cells are dictionaries with single quotes, no JSON: what is needed is found in them, nothing is evaluated.
 */
@ApplicationScoped
public class AuditLogImport {

    private static final String ORG = "claude.ai";
    private static final Pattern EMAIL = field("email_address|email");
    private static final Pattern NAME = field("full_name|name");
    private static final Pattern UUID_OF = field("uuid|user_id|id");
    private static final Pattern TYPE = field("type");
    private static final Pattern CONVERSATION = field("conversation_uuid|chat_conversation_uuid|conversation_id");
    private static final Pattern PROJECT = field("project_uuid|project_id");

    private final ImportRuns runs;
    private final DayImport store;
    private final DataSource dataSource;
    private final Clock clock;

    public AuditLogImport(ImportRuns runs, DayImport store, DataSource dataSource, Clock clock) {
        this.runs = runs;
        this.store = store;
        this.dataSource = dataSource;
        this.clock = clock;
    }

    private static Pattern field(String names) {
        // A text with an apostrophe stands between double quotes, one with both has escapes.
        return Pattern.compile("['\"](?:" + names
                + ")['\"]\\s*:\\s*(?:'([^'\\\\]*+(?:\\\\.[^'\\\\]*+)*+)'|\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\")");
    }

    /**
     * Imports the file.
     *
     * @return the days of the file, the first to the last
     * @throws Failure.Invalid naming the first line that can not be read; then nothing is taken
     */
    public List<DayOutcome> importCsv(Path file, String requestedBy) throws SQLException {
        SortedMap<LocalDate, List<DayRow>> days = read(file);
        List<DayOutcome> outcomes = new ArrayList<>();
        if (days.isEmpty()) {
            return outcomes;
        }
        UUID runId = UUID.randomUUID();
        DayImport.Import by = new DayImport.Import(runId, RunKind.CSV, clock.instant());
        TreeSet<LocalDate> all = new TreeSet<>(
                days.firstKey().datesUntil(days.lastKey().plusDays(1)).toList());
        try (Connection connection = dataSource.getConnection()) {
            runs.begin(connection, runId, Provider.CLAUDE_AI, RunKind.CSV, all, requestedBy);
            try {
                runs.lock(connection, Dataset.CLAUDE_AI_AUDIT, ORG, all);
                for (LocalDate day : all) {
                    List<DayRow> rows = days.getOrDefault(day, List.of());
                    // A file is the whole truth about its days, an empty one too.
                    outcomes.add(store.store(
                            connection,
                            new DayKey(Dataset.CLAUDE_AI_AUDIT, ORG, day),
                            new DayAnswer(rows, List.of(), rows.size(), null),
                            by,
                            true));
                }
            } finally {
                runs.unlock(connection, Dataset.CLAUDE_AI_AUDIT, ORG, all);
            }
            runs.end(connection, runId, "succeeded", Map.of(ImportStatus.OK, outcomes.size()));
        }
        return outcomes;
    }

    private static SortedMap<LocalDate, List<DayRow>> read(Path file) {
        SortedMap<LocalDate, List<DayRow>> days = new TreeMap<>();
        Map<List<Object>, Integer> twins = new HashMap<>();
        try (CSVReaderHeaderAware csv = CsvFile.open(file)) {
            Map<String, String> cells = csv.readMap();
            for (int line = 2; cells != null; line++, cells = csv.readMap()) {
                OffsetDateTime at = time(cells.getOrDefault("created_at", ""), line);
                String event = cells.getOrDefault("event", "").strip();
                if (event.isEmpty()) {
                    throw fault(line, "event: empty");
                }
                String actor = cells.getOrDefault("actor_info", "");
                String email = find(EMAIL, actor);
                Entity entity = Entity.of(cells.getOrDefault("entity_info", ""), cells.getOrDefault("event_info", ""));
                List<Object> dimensions = new ArrayList<>(Arrays.asList(
                        at,
                        email == null ? null : email.toLowerCase(Locale.ROOT),
                        find(NAME, actor),
                        find(UUID_OF, actor),
                        event,
                        entity.type(),
                        entity.id(),
                        entity.conversation(),
                        entity.project(),
                        blank(cells.getOrDefault("client_platform", ""))));
                dimensions.add(twins.merge(
                        dimensions.stream().<Object>map(String::valueOf).toList(), 1, Integer::sum));
                days.computeIfAbsent(at.toLocalDate(), any -> new ArrayList<>()).add(DayRow.of(dimensions, List.of()));
            }
        } catch (IOException | CsvException e) {
            throw new Failure.Invalid(
                    "FILE", "FILE: can not be read (expected: the CSV export of the audit log, UTF-8)");
        }
        return days;
    }

    /** What an event is about; the conversation and the project are the entity itself, or named in either cell. */
    private record Entity(String type, String id, String conversation, String project) {

        static Entity of(String info, String event) {
            String type = find(TYPE, info);
            String id = find(UUID_OF, info);
            String both = info + ' ' + event;
            return new Entity(
                    type,
                    id,
                    "chat_conversation".equals(type) ? id : find(CONVERSATION, both),
                    "chat_project".equals(type) ? id : find(PROJECT, both));
        }
    }

    private static OffsetDateTime time(String text, int line) {
        String time = text.strip().replace(' ', 'T').replaceFirst("TUTC$", "Z");
        try {
            return OffsetDateTime.parse(time).withOffsetSameInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            try {
                return LocalDateTime.parse(time).atOffset(ZoneOffset.UTC);
            } catch (DateTimeException none) {
                throw fault(line, "created_at: no time");
            }
        }
    }

    private static Failure.Invalid fault(int line, String message) {
        return new Failure.Invalid("FILE", "line %d: %s; nothing is taken".formatted(line, message));
    }

    private static String find(Pattern pattern, String cell) {
        Matcher matcher = pattern.matcher(cell);
        if (!matcher.find()) {
            return null;
        }
        String text = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
        return blank(text.replaceAll("\\\\(['\"\\\\])", "$1"));
    }

    private static String blank(String text) {
        return text.isBlank() ? null : text.strip();
    }
}
