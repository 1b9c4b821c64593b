package io.inference.analytics.attribution;

import io.inference.analytics.bills.MappingChange;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.WorkspaceRef;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Mappings of workspaces and keys: what they are used for and who uses them, from a day on.
 *
 * <p>A mapping applies until the next one of the same workspace or key begins. Every change is one
 * transaction with the derived days that it touches, and is logged with the person who made it.
 */
@ApplicationScoped
public class ProviderMappings {

    private static final Logger LOG = Logger.getLogger(ProviderMappings.class);

    /** Ids of OpenAI's keys begin so. */
    private static final String OPENAI_KEY = "key_";

    private static final String WORKSPACE_END =
            """
            update analytics.workspace_platform set valid_to = :from
            where workspace_id = :id and organization_id = :org and valid_from < :from and (valid_to is null or valid_to > :from)
            """;

    private static final String WORKSPACE_BEGIN =
            """
            insert into analytics.workspace_platform (workspace_id, organization_id, platform, valid_from, valid_to, source, created_at)
            values (:id, :org, :tool, :from,
                    (select min(valid_from) from analytics.workspace_platform
                     where workspace_id = :id and organization_id = :org and valid_from > :from), 'manual_entry', :now)
            on conflict (workspace_id, organization_id, valid_from) do update set platform = excluded.platform, source = excluded.source,
                created_at = excluded.created_at
            """;

    private static final String KEY_END =
            """
            update analytics.api_key_mapping set valid_to = :from
            where %s = :key and valid_from < :from and (valid_to is null or valid_to > :from)
            """;

    private static final String KEY_BEGIN =
            """
            insert into analytics.api_key_mapping (%1$s, platform, user_email, team, confidence, source, environment, cost_center, description,
                valid_from, valid_to, created_at)
            values (:key, :tool, :email, :team, :confidence, :source, :environment, :costCenter, :description, :from,
                    (select min(valid_from) from analytics.api_key_mapping where %1$s = :key and valid_from > :from), :now)
            on conflict (%1$s, valid_from) where %1$s is not null do update set platform = excluded.platform,
                user_email = excluded.user_email, team = excluded.team, confidence = excluded.confidence, source = excluded.source,
                environment = excluded.environment, cost_center = excluded.cost_center, description = excluded.description,
                created_at = excluded.created_at
            """;

    /**
     * A person's notes about a key; they change no figure.
     *
     * @param source where the mapping is kept: manual_entry, csv, google_sheets or sso_sync
     */
    public record KeyNotes(
            String source, Optional<String> environment, Optional<String> costCenter, Optional<String> description) {

        /** The possible sources of a mapping. */
        static final List<String> SOURCES = List.of("manual_entry", "csv", "google_sheets", "sso_sync");

        static final KeyNotes BY_HAND =
                new KeyNotes("manual_entry", Optional.empty(), Optional.empty(), Optional.empty());
    }

    /**
     * What a key is used for, and by whom.
     *
     * @param key its id or its name
     * @param platform empty: not stated
     * @param confidence of the attribution, 0 to 1
     */
    public record KeyMapping(
            String key,
            Optional<Tool> platform,
            Optional<String> email,
            Optional<String> team,
            BigDecimal confidence,
            LocalDate from,
            KeyNotes notes) {

        /** The confidence of an entry that names none: people make mistakes, so it is not 1. */
        public static final BigDecimal ENTERED_CONFIDENCE = new BigDecimal("0.900");

        /** Without notes, entered by hand. */
        public KeyMapping(
                String key,
                Optional<Tool> platform,
                Optional<String> email,
                Optional<String> team,
                BigDecimal confidence,
                LocalDate from) {
            this(key, platform, email, team, confidence, from, KeyNotes.BY_HAND);
        }
    }

    private final Jdbi jdbi;
    private final Clock clock;

    public ProviderMappings(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /**
     * Records the use of a workspace from a day on.
     *
     * @return days that were derived again
     */
    public int mapWorkspace(WorkspaceRef workspace, Tool platform, LocalDate from, String by) {
        if (!platform.isOfAnthropic()) {
            throw refused(platform, "claude_code, claude_api or claude_ai");
        }
        int days = MappingChange.run(jdbi, by, handle -> {
            handle.createUpdate(WORKSPACE_END)
                    .bind("id", workspace.id())
                    .bind("org", workspace.organization())
                    .bind("from", from)
                    .execute();
            handle.createUpdate(WORKSPACE_BEGIN)
                    .bind("id", workspace.id())
                    .bind("org", workspace.organization())
                    .bind("tool", platform)
                    .bind("from", from)
                    .bind("now", clock.instant())
                    .execute();
            return MappingChange.deriveSince(handle, from);
        });
        LOG.infof(
                "event=workspace_mapped actor=\"%s\" workspace=\"%s\" platform=%s from=%s days=%d",
                by, workspace, platform.wireName(), from, days);
        return days;
    }

    private static Failure.Invalid refused(Tool platform, String expected) {
        return new Failure.Invalid("platform", "platform: %s (expected: %s)".formatted(platform.wireName(), expected));
    }

    /** Bills of Cursor name their users, so none of its keys is mapped. Keys of OpenAI are mapped by id. */
    private static void checkPlatform(KeyMapping mapping) {
        boolean openai = mapping.key().startsWith(OPENAI_KEY);
        mapping.platform().ifPresent(tool -> {
            if (tool == Tool.OPENAI_API ? !openai : !tool.isOfAnthropic()) {
                throw refused(tool, "claude_code, claude_api or claude_ai; openai_api for a key by its id, key_…");
            }
        });
    }

    /**
     * Records the use and the owner of a key from a day on. @return days that were derived again
     */
    public int mapKey(KeyMapping mapping, String by) {
        return mapKeys(List.of(mapping), by);
    }

    private int mapKeys(List<KeyMapping> mappings, String by) {
        int days = MappingChange.run(jdbi, by, handle -> {
            mappings.forEach(mapping -> store(handle, mapping));
            Optional<LocalDate> first = mappings.stream().map(KeyMapping::from).min(LocalDate::compareTo);
            return first.isEmpty() ? 0 : MappingChange.deriveSince(handle, first.get());
        });
        mappings.forEach(mapping -> LOG.infof(
                "event=key_mapped actor=\"%s\" key=\"%s\" platform=%s from=%s",
                by,
                mapping.key().replaceAll("[^ !#-~]", "?"),
                mapping.platform().map(Tool::wireName).orElse("-"),
                mapping.from()));
        return days;
    }

    private void store(Handle handle, KeyMapping mapping) {
        checkPlatform(mapping);
        // Ids of keys have a prefix; everything else is a name.
        Optional<Tool> tool = mapping.platform().filter(Tool::isOfAnthropic);
        boolean byId = mapping.key().startsWith("apikey_")
                || mapping.platform().filter(Tool.OPENAI_API::equals).isPresent();
        String column = byId ? "api_key_id" : "api_key_name";
        handle.createUpdate(KEY_END.formatted(column))
                .bind("key", mapping.key())
                .bind("from", mapping.from())
                .execute();
        handle.createUpdate(KEY_BEGIN.formatted(column))
                .bind("key", mapping.key())
                .bind("tool", tool)
                .bind("email", mapping.email())
                .bind("team", mapping.team())
                .bind("confidence", mapping.confidence())
                .bind("source", mapping.notes().source())
                .bind("environment", mapping.notes().environment())
                .bind("costCenter", mapping.notes().costCenter())
                .bind("description", mapping.notes().description())
                .bind("from", mapping.from())
                .bind("now", clock.instant())
                .execute();
    }

    /**
     * Imports mappings of keys from a CSV file with the columns key (id or name), platform, email,
     * team, from, and optionally confidence, source, environment, cost_center, description; all or
     * none.
     *
     * @return the number of mappings
     * @throws Failure.Invalid with every faulty line; the same key twice from the same day is a
     *     fault
     */
    public int importCsv(Path file, String by) {
        List<KeyMapping> mappings = KeyMappingCsv.read(file);
        mapKeys(mappings, by);
        return mappings.size();
    }
}
