package io.inference.analytics.database;

import io.quarkus.flyway.FlywayConfigurationCustomizer;
import jakarta.inject.Singleton;
import java.util.Collection;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.flywaydb.core.api.ResourceProvider;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.core.api.resource.LoadableResource;

/**
 * Narrows the migrations, all of which are in the jar, to the common ones and those of the storage flavour. The database is
 * asked when migrations are read, not before: a command that needs no database starts without one.
 */
@Singleton
public class FlywayFlavour implements FlywayConfigurationCustomizer {

    /** Migrations name functions of TimescaleDB without a schema; Flyway puts schema {@code analytics} in front of this path. */
    private static final String SEARCH_EXTENSION =
            """
            do $$ begin
                perform set_config('search_path', concat_ws(', ', nullif(current_setting('search_path'), ''),
                                                            extnamespace::regnamespace), false)
                from pg_extension where extname = 'timescaledb';
            end $$
            """;

    private final String setting;
    private final boolean atStart;
    private final LockLimit lockLimit;

    FlywayFlavour(
            @ConfigProperty(name = "analytics.storage-flavour") String setting,
            @ConfigProperty(name = "quarkus.flyway.migrate-at-start") boolean atStart) {
        this.setting = setting;
        this.atStart = atStart;
        this.lockLimit = atStart ? LockLimit.OF_A_START : LockLimit.OF_A_COMMAND;
    }

    @Override
    public void customize(FluentConfiguration configuration) {
        configuration.initSql(SEARCH_EXTENSION);
        configuration.resourceProvider(
                new OfFlavour(configuration.getResourceProvider(), () -> find(configuration.getDataSource())));
        configuration.callbacks(lockLimit);
    }

    private StorageFlavour find(DataSource dataSource) {
        return SqlTypes.over(dataSource).withHandle(handle -> {
            if (atStart) {
                Sessions.requireToServe(handle, dataSource);
            } else {
                Sessions.requireToWrite(handle, dataSource);
            }
            return StorageFlavour.find(handle, setting);
        });
    }

    /** Quarkus fixes the list of migrations at build time; this hides those of the other flavours. */
    private static final class OfFlavour implements ResourceProvider {

        private final ResourceProvider all;
        private final Supplier<StorageFlavour> find;
        private StorageFlavour flavour;

        OfFlavour(ResourceProvider all, Supplier<StorageFlavour> find) {
            this.all = all;
            this.find = find;
        }

        /** Flyway asks once for each kind of migration; the database, and a warning about it, once is enough. */
        private synchronized StorageFlavour flavour() {
            if (flavour == null) {
                flavour = find.get();
            }
            return flavour;
        }

        @Override
        public LoadableResource getResource(String name) {
            return all.getResource(name);
        }

        @Override
        public Collection<LoadableResource> getResources(String prefix, String[] suffixes) {
            Collection<LoadableResource> offered = all.getResources(prefix, suffixes);
            if (offered.isEmpty()) {
                return offered;
            }
            StorageFlavour wanted = flavour();
            return offered.stream()
                    .filter(resource -> belongs(resource, wanted))
                    .toList();
        }

        private static boolean belongs(LoadableResource resource, StorageFlavour wanted) {
            for (StorageFlavour other : StorageFlavour.values()) {
                if (!wanted.migrations().contains(other.wireName())
                        && resource.getAbsolutePath().contains("db/migrations/" + other.wireName() + "/")) {
                    return false;
                }
            }
            return true;
        }
    }
}
