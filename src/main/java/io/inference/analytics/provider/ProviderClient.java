package io.inference.analytics.provider;

import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The source of some data sets' days. A data set has one client, so a newer API of a provider
 * replaces the older one and never adds to it.
 */
public interface ProviderClient {

    /** Workspaces, keys and people of a provider; fields that it leaves out are null. */
    record Directory(List<Workspace> workspaces, List<ApiKey> keys, List<Person> people) {}

    /** A workspace; its colour is that of the provider's console. */
    record Workspace(String id, String name, String color, OffsetDateTime createdAt, OffsetDateTime archivedAt) {}

    /**
     * A key's description; never the key itself.
     *
     * @param hint its first and last letters, as the provider shows them to distinguish keys
     */
    record ApiKey(
            String id,
            String name,
            String hint,
            String workspaceId,
            OffsetDateTime createdAt,
            String status,
            String createdBy) {}

    /** A person with an account at the provider. */
    record Person(String id, String email, String name, String role, boolean active) {}

    Provider provider();

    /** In the order in which they are imported. */
    List<Dataset> datasets();

    /** The longest range of days that one call can cover. */
    int daysPerCall(Dataset dataset);

    /** The id of the key's organisation. */
    String orgRef() throws ProviderTrouble, InterruptedException;

    /**
     * Reads to the last page. The answer has every requested day, empty ones too, and no other.
     *
     * @param first first UTC day
     * @param last last UTC day, at most {@link #daysPerCall} days in all
     * @throws ProviderTrouble when any part is missing: an incomplete day is not a day
     */
    Map<LocalDate, DayAnswer> fetch(Dataset dataset, LocalDate first, LocalDate last)
            throws ProviderTrouble, InterruptedException;

    /** Checks that the key works and belongs to the organisation that the settings name. */
    void check() throws ProviderTrouble, InterruptedException;

    /** The names behind the ids in the reports. */
    Optional<Directory> directory() throws ProviderTrouble, InterruptedException;

    /** Requests so far by outcome: ok, rate_limited or failed. */
    Map<String, Long> requests();
}
