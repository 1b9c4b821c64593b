package io.inference.analytics.cli;

import io.inference.analytics.usage.NameStore;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code catalog model}. */
@Dependent
@Command(name = "model", description = "Sets the name of a model.")
class CatalogModelCommand implements ServiceCommand {

    @Mixin
    CatalogEntry entry = new CatalogEntry();

    @Inject
    NameStore names;

    @Override
    public void validate() {
        entry.validate();
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        names.nameModel(entry.id(), entry.name());
        out.printf("model %s is named %s%n", entry.id(), entry.name());
        return 0;
    }
}
