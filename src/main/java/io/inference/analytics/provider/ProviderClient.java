package io.inference.analytics.provider;

import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the days of some data sets come from. A data set has one client, so a newer interface of a provider takes its place and
 * never adds to it.
 */
public interface ProviderClient {

    /** A workspace, a key and its maker, and who people are; what a provider leaves out is null. */
    record Directory(List<Workspace> workspaces, List<ApiKey> keys, List<Person> people) {}

    /** A workspace. */
    record Workspace(String id, String name, String color, OffsetDateTime createdAt, OffsetDateTime archivedAt) {}

    /**
     * A key; never the key itself.
     *
     * @param hint its first and last letters, as the provider shows them to tell keys apart
     */
    record ApiKey(
            String id,
            String name,
            String hint,
            String workspaceId,
            OffsetDateTime createdAt,
            String status,
            String createdBy) {}

    /** Somebody with an account at the provider. */
    record Person(String id, String email, String name, String role, boolean active) {}

    Provider provider();

    /** In the order in which they are imported. */
    List<Dataset> datasets();

    /** Days that one call can cover. */
    int daysPerCall(Dataset dataset);

    /** Id of the organisation that the key belongs to. */
    String orgRef() throws ProviderTrouble, InterruptedException;

    /**
     * Reads to the last page. Every day asked for is in the answer, an empty one too; days that were not asked for are left out.
     *
     * @param first first UTC day
     * @param last last UTC day, at most {@link #daysPerCall} days in all
     * @throws ProviderTrouble when any part is missing: half a day is none
     */
    Map<LocalDate, DayAnswer> fetch(Dataset dataset, LocalDate first, LocalDate last)
            throws ProviderTrouble, InterruptedException;

    /** Checks the key, and that it belongs to the organisation that the settings name. */
    void check() throws ProviderTrouble, InterruptedException;

    /** Who and what the ids in the reports are. */
    Optional<Directory> directory() throws ProviderTrouble, InterruptedException;
}
