package io.inference.analytics.database;

import io.inference.analytics.platform.WireNamed;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.argument.AbstractArgumentFactory;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.argument.ArgumentFactory;
import org.jdbi.v3.core.array.SqlArrayType;
import org.jdbi.v3.core.config.ConfigRegistry;
import org.jdbi.v3.core.mapper.ColumnMapper;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.StatementExceptions;
import org.jdbi.v3.postgres.PostgresPlugin;

/**
 * How values travel between Java and PostgreSQL, said once:
 *
 * <ul>
 *   <li>{@link Instant} ↔ {@code timestamptz}, in UTC, cut to the microseconds that PostgreSQL keeps; {@link LocalDate} ↔
 *       {@code date}; {@code UUID}, {@code BigDecimal} and empty {@code Optional}s as they are.
 *   <li>{@link WireNamed} → {@code text}, by its wire name.
 *   <li>Lists by {@code bindArray}: {@code UUID}, {@code String}, {@link Instant}, {@link LocalDate}, {@code BigDecimal}.
 * </ul>
 *
 * Errors arrive as {@code JdbiException} without statement or values in their text, since logs quote it; {@link SqlState} says
 * what they mean.
 */
final class SqlTypes {

    private SqlTypes() {}

    static Jdbi over(DataSource pool) {
        Jdbi jdbi = Jdbi.create(pool).installPlugin(new PostgresPlugin());
        jdbi.getConfig(StatementExceptions.class).setMessageRendering(StatementExceptions.MessageRendering.NONE);
        jdbi.registerArgument(new InstantArgument());
        jdbi.registerArgument(new WireNames());
        jdbi.registerColumnMapper(Instant.class, new InstantColumn());
        jdbi.registerArrayType(new Timestamps());
        jdbi.registerArrayType(LocalDate.class, "date");
        jdbi.registerArrayType(BigDecimal.class, "numeric");
        return jdbi;
    }

    private static OffsetDateTime utc(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MICROS).atOffset(ZoneOffset.UTC);
    }

    private static final class InstantArgument extends AbstractArgumentFactory<Instant> {

        InstantArgument() {
            super(Types.TIMESTAMP_WITH_TIMEZONE);
        }

        @Override
        protected Argument build(Instant instant, ConfigRegistry config) {
            return (position, statement, context) -> statement.setObject(position, utc(instant));
        }
    }

    /** Prepared by type, as JDBI's own factory of enums is, which would win over one that looks at values. */
    private static final class WireNames implements ArgumentFactory.Preparable {

        @Override
        public Optional<Function<Object, Argument>> prepare(Type type, ConfigRegistry config) {
            return type instanceof Class<?> bound && WireNamed.class.isAssignableFrom(bound)
                    ? Optional.of(WireNames::argument)
                    : Optional.empty();
        }

        private static Argument argument(Object value) {
            String name = value == null ? null : ((WireNamed) value).wireName();
            return (position, statement, context) -> statement.setString(position, name);
        }
    }

    private static final class InstantColumn implements ColumnMapper<Instant> {

        @Override
        public Instant map(ResultSet row, int column, StatementContext context) throws SQLException {
            OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
            return time == null ? null : time.toInstant();
        }
    }

    private static final class Timestamps implements SqlArrayType<Instant> {

        @Override
        public String getTypeName() {
            return "timestamptz";
        }

        @Override
        public Object convertArrayElement(Instant element) {
            return utc(element).toString();
        }
    }
}
