package io.inference.analytics.usage;

import io.inference.analytics.series.SeriesGroup;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * What people call the organisations, models and users of an answer; those without a name are missing.
 *
 * @param orgs names of organisations
 * @param models names of models
 * @param users names of users
 */
public record GroupNames(Map<UUID, String> orgs, Map<UUID, String> models, Map<UUID, String> users) {

    public Optional<String> org(SeriesGroup group) {
        return group.org().map(orgs::get);
    }

    public Optional<String> model(SeriesGroup group) {
        return group.model().map(models::get);
    }

    public Optional<String> user(SeriesGroup group) {
        return group.userId().map(users::get);
    }
}
