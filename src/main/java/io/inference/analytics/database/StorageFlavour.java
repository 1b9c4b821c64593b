package io.inference.analytics.database;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** How raw events and rollups are kept; the names and results of tables and views are the same in all. */
public enum StorageFlavour {
    /** Hypertables and continuous aggregates. */
    TIMESCALE,
    /** Declarative partitions and rollup tables. */
    POSTGRES,
    /** As {@link #POSTGRES}, with both distributed by organisation over the nodes of a Citus cluster (ADR 33). */
    CITUS;

    private static final Logger LOG = Logger.getLogger(StorageFlavour.class);

    /** Unique indexes that count nulls as equal. */
    private static final int VERSION_MIN = 15;

    private static final Pattern LEADING_NUMBER = Pattern.compile("^\\d{1,4}");

    /** What an empty database would get of TimescaleDB. */
    private enum Offer {
        NONE,
        NOT_LOADED,
        APACHE_ONLY,
        WHOLE
    }

    // Its files alone are not enough: the extension refuses to work unless the server loads it at its start, which
    // shows by its settings. Under the Apache licence it has no compression and no continuous aggregates.
    private static final String OFFER =
            """
            select case when current_setting('timescaledb.disable_load', true) is null then 'NOT_LOADED'
                        when current_setting('timescaledb.license', true) = 'apache' then 'APACHE_ONLY'
                        else 'WHOLE' end as offer
            from pg_available_extensions where name = 'timescaledb'
            """;
    // Never for its files alone: nodes and their passwords are the operator's work.
    private static final String HAS_CITUS = "select exists (select from pg_extension where extname = 'citus')";

    private static final String MIGRATED =
            """
            select exists (select 1 from pg_proc function join pg_namespace namespace on namespace.oid = pronamespace
                           where nspname = 'analytics' and proname = 'ensure_day')
                       as is_migrated,
                   exists (select 1 from pg_class relation join pg_namespace namespace on namespace.oid = relnamespace
                           where nspname = 'analytics' and relname = 'usage_hourly_rollup')
                       as has_rollup_tables,
                   exists (select 1 from pg_class relation join pg_namespace namespace on namespace.oid = relnamespace
                           where nspname = 'analytics' and relname = 'ingest_guard')
                       as has_guard
            """;

    /** As in migration locations and settings. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The folders of its migrations next to the common ones; flavour citus changes what those of postgres have made. */
    Set<String> migrations() {
        return switch (this) {
            case TIMESCALE, POSTGRES -> Set.of(wireName());
            case CITUS -> Set.of(POSTGRES.wireName(), wireName());
        };
    }

    /**
     * The flavour to use: a migrated database keeps the one it has; an empty one gets what was asked for, or what the server
     * offers.
     *
     * @param setting auto, timescale, postgres or citus
     * @throws IllegalStateException when the server is too old, or the setting contradicts the server or the database
     */
    public static StorageFlavour find(Handle handle, String setting) {
        String wanted = setting.toLowerCase(Locale.ROOT);
        if (!wanted.equals("auto")
                && Arrays.stream(values())
                        .noneMatch(flavour -> flavour.wireName().equals(wanted))) {
            throw new IllegalStateException(
                    "STORAGE_FLAVOUR: %s (expected: auto, timescale, postgres or citus)".formatted(setting));
        }
        requireVersion(
                handle.createQuery("show server_version").mapTo(String.class).one());
        Optional<StorageFlavour> present = migrated(handle);
        if (present.isPresent()) {
            String kept = present.get().wireName();
            if (!wanted.equals("auto") && !wanted.equals(kept)) {
                throw new IllegalStateException(
                        "STORAGE_FLAVOUR: %s (expected: %s, which this database was migrated with, or auto)"
                                .formatted(setting, kept));
            }
            return present.get();
        }
        boolean hasCitus = handle.createQuery(HAS_CITUS).mapTo(Boolean.class).one();
        if (hasCitus && (wanted.equals("auto") || wanted.equals("citus"))) {
            return CITUS;
        }
        if (wanted.equals("citus")) {
            throw new IllegalStateException(
                    "STORAGE_FLAVOUR: citus (expected: a database in which the extension citus has been created, or postgres)");
        }
        Offer offer = handle.createQuery(OFFER).mapTo(Offer.class).findOne().orElse(Offer.NONE);
        return ofEmptyDatabase(wanted, offer);
    }

    /** @throws IllegalStateException when the server cannot run the migrations */
    static void requireVersion(String version) {
        Matcher major = LEADING_NUMBER.matcher(version);
        if (major.find() && Integer.parseInt(major.group()) < VERSION_MIN) {
            throw new IllegalStateException(
                    "DATABASE_URL: PostgreSQL %s is too old (expected: %d or newer)".formatted(version, VERSION_MIN));
        }
    }

    private static Optional<StorageFlavour> migrated(Handle handle) {
        return handle.createQuery(MIGRATED)
                .map(row -> !row.getColumn("is_migrated", Boolean.class)
                        ? Optional.<StorageFlavour>empty()
                        : Optional.of(kept(
                                row.getColumn("has_guard", Boolean.class),
                                row.getColumn("has_rollup_tables", Boolean.class))))
                .one();
    }

    private static StorageFlavour kept(boolean hasGuard, boolean hasRollupTables) {
        if (hasGuard) {
            return CITUS;
        }
        return hasRollupTables ? POSTGRES : TIMESCALE;
    }

    private static StorageFlavour ofEmptyDatabase(String wanted, Offer offer) {
        if (wanted.equals("postgres")) {
            return POSTGRES;
        }
        String missing =
                switch (offer) {
                    case WHOLE -> "";
                    case NONE, NOT_LOADED ->
                        "a server that has the extension timescaledb and names it in shared_preload_libraries";
                    case APACHE_ONLY -> "a server whose timescaledb.license is timescale and not apache";
                };
        if (missing.isEmpty()) {
            return TIMESCALE;
        }
        if (wanted.equals("timescale")) {
            throw new IllegalStateException(
                    "STORAGE_FLAVOUR: timescale (expected: %s, or postgres)".formatted(missing));
        }
        if (offer != Offer.NONE) {
            LOG.warnf(
                    "event=timescaledb_not_used STORAGE_FLAVOUR=auto: timescale needs %s; an empty database gets flavour"
                            + " postgres, and keeps it",
                    missing);
        }
        return POSTGRES;
    }

    /** The flavour of the database at hand, looked up once. */
    @ApplicationScoped
    public static class Found {

        private final Jdbi jdbi;
        private final String setting;
        private volatile StorageFlavour flavour;

        Found(Jdbi jdbi, @ConfigProperty(name = "analytics.storage-flavour") String setting) {
            this.jdbi = jdbi;
            this.setting = setting;
        }

        public StorageFlavour flavour() {
            StorageFlavour known = flavour;
            if (known == null) {
                known = jdbi.withHandle(handle -> find(handle, setting));
                flavour = known;
            }
            return known;
        }
    }
}
