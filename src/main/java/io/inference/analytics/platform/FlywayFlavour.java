package io.inference.analytics.platform;

import io.quarkus.flyway.FlywayConfigurationCustomizer;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.flywaydb.core.api.ResourceProvider;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.core.api.resource.LoadableResource;

/** Narrows the migrations, all of which are in the jar, to the common ones and those of the storage flavour. */
@Singleton
public class FlywayFlavour implements FlywayConfigurationCustomizer {

    private final String setting;

    FlywayFlavour(@ConfigProperty(name = "analytics.storage-flavour", defaultValue = "auto") String setting) {
        this.setting = setting;
    }

    @Override
    public void customize(FluentConfiguration configuration) {
        try (Connection connection = configuration.getDataSource().getConnection()) {
            StorageFlavour flavour = StorageFlavour.find(connection, setting);
            configuration.resourceProvider(new OfFlavour(configuration.getResourceProvider(), flavour));
        } catch (SQLException e) {
            throw new IllegalStateException(
                    "DATABASE_URL: the database does not answer (SQLState %s)".formatted(e.getSQLState()), e);
        }
    }

    /** Quarkus fixes the list of migrations at build time; this hides those of the other flavours. */
    private record OfFlavour(ResourceProvider all, StorageFlavour flavour) implements ResourceProvider {

        @Override
        public LoadableResource getResource(String name) {
            return all.getResource(name);
        }

        @Override
        public Collection<LoadableResource> getResources(String prefix, String[] suffixes) {
            return all.getResources(prefix, suffixes).stream()
                    .filter(this::belongs)
                    .toList();
        }

        private boolean belongs(LoadableResource resource) {
            for (StorageFlavour other : StorageFlavour.values()) {
                if (other != flavour
                        && resource.getAbsolutePath().contains("db/migrations/" + other.wireName() + "/")) {
                    return false;
                }
            }
            return true;
        }
    }
}
