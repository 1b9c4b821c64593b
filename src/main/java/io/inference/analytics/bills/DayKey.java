package io.inference.analytics.bills;

import io.inference.analytics.provider.Dataset;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.LocalDate;

/**
 * What is imported as one: a UTC day of a data set of an organisation.
 *
 * @param orgRef how the provider names the organisation
 */
public record DayKey(Dataset dataset, String orgRef, LocalDate day) {

    /** Binds the four columns of the ledger's key. @return the next parameter */
    int bind(PreparedStatement statement, int first) throws SQLException {
        statement.setString(first, dataset.provider().wireName());
        statement.setString(first + 1, dataset.wireName());
        statement.setString(first + 2, orgRef);
        statement.setObject(first + 3, day);
        return first + 4;
    }
}
