package io.inference.analytics.attribution;

import com.opencsv.CSVReaderHeaderAware;
import com.opencsv.exceptions.CsvException;
import io.inference.analytics.bills.MappingChange;
import io.inference.analytics.platform.CsvFile;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * Imports a company's data about its people: department, team, managers, budget. A line replaces
 * everything about its person; people without a line stay as they are.
 *
 * <p>Where a mapping names no team, costs belong to their user's team. Every day is therefore
 * derived again in the same transaction.
 */
@ApplicationScoped
public class ProviderPeople {

    private static final Logger LOG = Logger.getLogger(ProviderPeople.class);
    private static final Set<String> USER_TYPES = Set.of("engineering", "knowledge_worker", "hybrid");

    private static final List<String> COLUMNS = List.of(
            "email",
            "department",
            "sub_department",
            "team",
            "job_level",
            "manager_email",
            "director_email",
            "ai_user_type",
            "ai_budget_monthly_usd",
            "is_active");

    private static final String SET =
            """
            insert into analytics.provider_person (email, department, sub_department, team, job_level, manager_email, director_email,
                ai_user_type, ai_budget_monthly_usd, is_active, entered_by, entered_at)
            values (:email, :department, :sub_department, :team, :job_level, :manager_email, :director_email, :ai_user_type,
                :ai_budget_monthly_usd::numeric, :is_active::boolean, :by, :now)
            on conflict (email) do update set department = excluded.department, sub_department = excluded.sub_department,
                team = excluded.team, job_level = excluded.job_level, manager_email = excluded.manager_email,
                director_email = excluded.director_email, ai_user_type = excluded.ai_user_type,
                ai_budget_monthly_usd = excluded.ai_budget_monthly_usd, is_active = excluded.is_active,
                entered_by = excluded.entered_by, entered_at = excluded.entered_at
            """;

    private final Jdbi jdbi;
    private final Clock clock;

    ProviderPeople(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /**
     * Imports the file; all lines or none. A value whose cell or column is empty or missing is
     * unknown.
     *
     * @return the number of people
     * @throws Failure.Invalid with every faulty line; an unknown column or a repeated address is a
     *     fault
     */
    public int importCsv(Path file, String by) {
        List<Map<String, String>> people = read(file);
        int days = MappingChange.run(jdbi, by, handle -> {
            if (people.isEmpty()) {
                return 0;
            }
            store(handle, people, by);
            return MappingChange.deriveSince(handle, LocalDate.EPOCH);
        });
        LOG.infof("event=people_imported actor=\"%s\" people=%d days=%d", by, people.size(), days);
        return people.size();
    }

    private void store(Handle handle, List<Map<String, String>> people, String by) {
        try (PreparedBatch batch = handle.prepareBatch(SET)) {
            for (Map<String, String> person : people) {
                COLUMNS.forEach(column -> batch.bind(column, person.get(column)));
                batch.bind("by", by).bind("now", clock.instant()).add();
            }
            batch.execute();
        }
    }

    private static List<Map<String, String>> read(Path file) {
        List<Map<String, String>> people = new ArrayList<>();
        List<FieldError> errors = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        try (CSVReaderHeaderAware csv = CsvFile.open(file)) {
            Map<String, String> cells = csv.readMap();
            for (int line = 2; cells != null; line++, cells = csv.readMap()) {
                Map<String, String> person = new TreeMap<>();
                for (Map.Entry<String, String> cell : cells.entrySet()) {
                    String column = cell.getKey().strip().toLowerCase(Locale.ROOT);
                    if (!COLUMNS.contains(column)) {
                        throw new Failure.Invalid(
                                "file", "file: column %s (expected: %s)".formatted(column, String.join(", ", COLUMNS)));
                    }
                    if (!cell.getValue().isBlank()) {
                        person.put(column, normal(column, cell.getValue().strip()));
                    }
                }
                int number = line;
                person.forEach((column, text) -> fault(column, text)
                        .ifPresent(fault -> errors.add(new FieldError(
                                column, "line %d: %s: %s (expected: %s)".formatted(number, column, text, fault)))));
                if (!person.containsKey("email")) {
                    errors.add(new FieldError("email", "line %d: no email".formatted(line)));
                } else if (!seen.add(person.get("email"))) {
                    errors.add(new FieldError("email", "line %d: %s twice".formatted(line, person.get("email"))));
                }
                people.add(person);
            }
        } catch (IOException | CsvException e) {
            throw new Failure.Invalid(
                    "file",
                    "file: cannot be read (expected: CSV in UTF-8 with the columns %s)"
                            .formatted(String.join(", ", COLUMNS)));
        }
        if (!errors.isEmpty()) {
            throw new Failure.Invalid(
                    "%d faults, nothing is imported. The first: %s"
                            .formatted(errors.size(), errors.get(0).message()),
                    errors);
        }
        return people;
    }

    private static String normal(String column, String text) {
        return column.endsWith("email") || column.equals("ai_user_type") || column.equals("is_active")
                ? text.toLowerCase(Locale.ROOT)
                : text;
    }

    /** The expected value; empty when the cell is valid. */
    private static Optional<String> fault(String column, String text) {
        return switch (column) {
            case "email", "manager_email", "director_email" ->
                EmailAddress.matches(text) ? Optional.empty() : Optional.of("an address");
            case "ai_user_type" ->
                USER_TYPES.contains(text) ? Optional.empty() : Optional.of("engineering, knowledge_worker or hybrid");
            case "ai_budget_monthly_usd" ->
                text.matches("[0-9]{1,12}(\\.[0-9]{1,12})?")
                        ? Optional.empty()
                        : Optional.of("US dollars such as 150.00");
            case "is_active" -> text.matches("true|false") ? Optional.empty() : Optional.of("true or false");
            default -> text.length() <= 200 ? Optional.empty() : Optional.of("at most 200 characters");
        };
    }
}
