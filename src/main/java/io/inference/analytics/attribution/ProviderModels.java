package io.inference.analytics.attribution;

import io.inference.analytics.provider.Provider;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

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

    private final Jdbi jdbi;
    private final Clock clock;

    ProviderModels(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /** Sets the provider's name of the model. */
    public void set(UUID model, Provider provider, String name) {
        jdbi.useHandle(handle -> handle.createUpdate(SET)
                .bind("model", model)
                .bind("provider", provider)
                .bind("name", name)
                .bind("now", clock.instant())
                .execute());
    }
}
