package io.inference.analytics.bills;

import io.inference.analytics.provider.Dataset;
import java.time.LocalDate;
import org.jdbi.v3.core.statement.SqlStatement;

/**
 * The unit of import: a UTC day of a data set of an organisation.
 *
 * @param orgRef the provider's name of the organisation
 */
public record DayKey(Dataset dataset, String orgRef, LocalDate day) {

    /** Binds the ledger's key: provider, dataset, org and day. */
    <S extends SqlStatement<S>> S bind(S statement) {
        return statement
                .bind("provider", dataset.provider())
                .bind("dataset", dataset)
                .bind("org", orgRef)
                .bind("day", day);
    }
}
