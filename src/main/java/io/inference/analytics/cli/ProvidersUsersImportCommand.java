package io.inference.analytics.cli;

import io.inference.analytics.attribution.ProviderPeople;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code providers users import}. */
@Dependent
@Command(
        name = "import",
        description = {
            "Takes people from a CSV file; all lines or none. Columns: email, and any of department, sub_department, team, job_level,",
            "manager_email, director_email, ai_user_type, ai_budget_monthly_usd, is_active. Who is in no line stays."
        })
class ProvidersUsersImportCommand implements ServiceCommand {

    @Parameters(paramLabel = "FILE.csv", description = "UTF-8, with a header.")
    Path file;

    @Inject
    ProviderPeople people;

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        out.printf("people taken: %d%n", people.importCsv(file, ProviderArguments.BY));
        return 0;
    }
}
