package io.inference.analytics.attribution;

import com.opencsv.CSVReaderHeaderAware;
import com.opencsv.exceptions.CsvException;
import io.inference.analytics.bills.DayImport;
import io.inference.analytics.bills.DayKey;
import io.inference.analytics.bills.DayLocks;
import io.inference.analytics.bills.DayOutcome;
import io.inference.analytics.bills.ImportStatus;
import io.inference.analytics.bills.RunKind;
import io.inference.analytics.bills.RunRecords;
import io.inference.analytics.platform.CsvFile;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.DayAnswer;
import io.inference.analytics.provider.DayRow;
import io.inference.analytics.provider.Provider;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Path;
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
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Imports claude.ai's audit log from the CSV file that an admin exports. A file replaces all days
 * from its first to its last, so importing the same file again changes nothing.
 *
 * <p>Structured cells are dictionaries with single quotes, not JSON. The needed fields are searched
 * in them; nothing is evaluated.
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

    private final RunRecords runs;
    private final DayImport store;
    private final Jdbi jdbi;
    private final Clock clock;

    public AuditLogImport(RunRecords runs, DayImport store, Jdbi jdbi, Clock clock) {
        this.runs = runs;
        this.store = store;
        this.jdbi = jdbi;
        this.clock = clock;
    }

    private static Pattern field(String names) {
        // A text with an apostrophe is in double quotes; one with both has escapes.
        return Pattern.compile("['\"](?:" + names
                + ")['\"]\\s*:\\s*(?:'([^'\\\\]*+(?:\\\\.[^'\\\\]*+)*+)'|\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\")");
    }

    /**
     * Imports the file.
     *
     * @return the days of the file, from the first to the last
     * @throws Failure.Invalid with the first line that cannot be read; then nothing is imported
     */
    public List<DayOutcome> importCsv(Path file, String requestedBy) {
        SortedMap<LocalDate, List<DayRow>> rows = read(file);
        if (rows.isEmpty()) {
            return List.of();
        }
        SortedSet<LocalDate> days = new TreeSet<>(
                rows.firstKey().datesUntil(rows.lastKey().plusDays(1)).toList());
        DayImport.Import by = new DayImport.Import(UUID.randomUUID(), RunKind.CSV, clock.instant());
        return jdbi.withHandle(handle -> {
            runs.begin(handle, by.runId(), Provider.CLAUDE_AI, RunKind.CSV, days, requestedBy);
            List<DayOutcome> outcomes =
                    DayLocks.hold(handle, Dataset.CLAUDE_AI_AUDIT, ORG, days, locked -> store(locked, days, rows, by));
            runs.end(handle, by.runId(), "succeeded", Map.of(ImportStatus.OK, outcomes.size()));
            return outcomes;
        });
    }

    /** A file is complete for its days, and a day without a row is an empty day. */
    private List<DayOutcome> store(
            Handle handle, SortedSet<LocalDate> days, Map<LocalDate, List<DayRow>> rows, DayImport.Import by) {
        List<DayOutcome> outcomes = new ArrayList<>();
        for (LocalDate day : days) {
            List<DayRow> ofDay = rows.getOrDefault(day, List.of());
            outcomes.add(store.store(
                    handle,
                    new DayKey(Dataset.CLAUDE_AI_AUDIT, ORG, day),
                    new DayAnswer(ofDay, List.of(), ofDay.size(), null),
                    by,
                    true));
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
                    "file", "file: cannot be read (expected: the CSV export of the audit log, UTF-8)");
        }
        return days;
    }

    /**
     * The subject of an event; its conversation and project are the entity itself or in either
     * cell.
     */
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
                throw fault(line, "created_at: not a time");
            }
        }
    }

    private static Failure.Invalid fault(int line, String message) {
        return new Failure.Invalid("file", "line %d: %s; nothing is imported".formatted(line, message));
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
