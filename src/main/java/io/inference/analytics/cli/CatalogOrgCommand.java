package io.inference.analytics.cli;

import io.inference.analytics.usage.NameStore;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code catalog org}. */
@Dependent
@Command(name = "org", description = "Sets the name of an organisation.")
class CatalogOrgCommand implements ServiceCommand {

    @Mixin
    CatalogEntry entry = new CatalogEntry();

    @Inject
    NameStore names;

    @Override
    public void validate() {
        entry.validate();
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        names.nameOrg(entry.id(), entry.name());
        out.printf("org %s is named %s%n", entry.id(), entry.name());
        return 0;
    }
}
