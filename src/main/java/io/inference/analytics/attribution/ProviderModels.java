package io.inference.analytics.attribution;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Update;

/**
 * The providers' names of this service's models; without an entry, the model's own name is used.
 */
@ApplicationScoped
public class ProviderModels {

    private static final String SET =
            """
            insert into analytics.provider_model (model_id, provider, provider_model, updated_at)
            values (:model, :provider, :name, :now)
            on conflict (model_id, provider) do update set provider_model = excluded.provider_model, updated_at = excluded.updated_at
            """;

    private static final String NAME =
            "select provider_model from analytics.provider_model where model_id = :model and provider = :provider";

    /** The models that carry a name. */
    private static final String CARRIED =
            """
            exists (select from analytics.models left join analytics.provider_model named on named.model_id = models.model_id
                    where models.model_id <> :model and coalesce(named.provider, :provider) = :provider
                      and coalesce(named.provider_model, models.name) = %s)
            """;

    /** The new name was another name of this model, or of a name that no model carries. */
    private static final String PROMOTE =
            """
            delete from analytics.provider_model_alias
            where provider = :provider and alias = :name and (provider_model = :old or not
            """
                    + CARRIED.formatted("provider_model_alias.provider_model") + ")";

    private static final String OTHER =
            "select provider_model from analytics.provider_model_alias where provider = :provider and alias = :name";

    /** Aliases of a name that another model carries, too, stay with that model. */
    private static final String MOVE =
            """
            update analytics.provider_model_alias set provider_model = :name, updated_at = :now
            where provider = :provider and provider_model = :old and not
            """
                    + CARRIED.formatted(":old");

    private static final String REMOVE =
            "delete from analytics.provider_model_alias where provider = :provider and alias = :alias and provider_model = :name";

    private static final String ALIAS =
            """
            insert into analytics.provider_model_alias (provider, alias, provider_model, updated_at)
            values (:provider, :alias, :name, :now)
            on conflict (provider, alias) do update set provider_model = excluded.provider_model, updated_at = excluded.updated_at
            """;

    private final Jdbi jdbi;
    private final Clock clock;

    ProviderModels(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /** The provider's name of the model, if one is set. */
    public Optional<String> name(UUID model, Provider provider) {
        return jdbi.withHandle(handle -> name(handle, model, provider));
    }

    private static Optional<String> name(Handle handle, UUID model, Provider provider) {
        return handle.createQuery(NAME)
                .bind("model", model)
                .bind("provider", provider)
                .mapTo(String.class)
                .findOne();
    }

    /**
     * Sets the provider's name of the model; its further names stay with it.
     *
     * @throws Failure.Invalid when the provider bills another model under this name, too
     */
    public void set(UUID model, Provider provider, String name) {
        jdbi.useTransaction(handle -> {
            Optional<String> old = name(handle, model, provider);
            if (!old.equals(Optional.of(name))) {
                update(handle, PROMOTE, model, provider, name).bind("old", old).execute();
                refuseOther(handle, provider, name);
                update(handle, MOVE, model, provider, name)
                        .bind("old", old)
                        .bind("now", clock.instant())
                        .execute();
            }
            update(handle, SET, model, provider, name)
                    .bind("now", clock.instant())
                    .execute();
        });
    }

    private static Update update(Handle handle, String sql, UUID model, Provider provider, String name) {
        return handle.createUpdate(sql)
                .bind("model", model)
                .bind("provider", provider)
                .bind("name", name);
    }

    private static void refuseOther(Handle handle, Provider provider, String name) {
        handle.createQuery(OTHER)
                .bind("provider", provider)
                .bind("name", name)
                .mapTo(String.class)
                .findOne()
                .ifPresent(other -> {
                    throw new Failure.Invalid(
                            "providerModel",
                            "providerModel: %s (expected: not a further name of %s)".formatted(name, other));
                });
    }

    /**
     * Says that the provider bills the model under another name, too.
     *
     * @param name as in {@link #set}
     * @throws Failure.Invalid when the two are one
     */
    public void alias(Provider provider, String alias, String name) {
        if (alias.equals(name)) {
            throw new Failure.Invalid(
                    "alsoBilledAs",
                    "alsoBilledAs: %s (expected: another name than the provider's own)".formatted(alias));
        }
        jdbi.useHandle(handle -> handle.createUpdate(ALIAS)
                .bind("provider", provider)
                .bind("alias", alias)
                .bind("name", name)
                .bind("now", clock.instant())
                .execute());
    }

    /**
     * Takes back what {@link #alias} said.
     *
     * @throws Failure.Invalid when the model has no such further name
     */
    public void removeAlias(Provider provider, String alias, String name) {
        int removed = jdbi.withHandle(handle -> handle.createUpdate(REMOVE)
                .bind("provider", provider)
                .bind("alias", alias)
                .bind("name", name)
                .execute());
        if (removed == 0) {
            throw new Failure.Invalid(
                    "noLongerBilledAs", "noLongerBilledAs: %s (expected: a further name of %s)".formatted(alias, name));
        }
    }
}
