package io.inference.analytics.bills;

import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.ProviderClient;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** Days of a data set that one call of the provider covers. */
record ImportPart(Dataset dataset, SortedSet<LocalDate> days) {

    /**
     * Parts as wide as a call, along the calendar; of the same first day, data sets in their order.
     */
    static List<ImportPart> of(ProviderClient client, Map<Dataset, SortedSet<LocalDate>> wanted) {
        List<ImportPart> parts = new ArrayList<>();
        for (Dataset dataset : client.datasets()) {
            SortedSet<LocalDate> left = new TreeSet<>(wanted.getOrDefault(dataset, new TreeSet<>()));
            while (!left.isEmpty()) {
                SortedSet<LocalDate> part =
                        new TreeSet<>(left.headSet(left.first().plusDays(client.daysPerCall(dataset))));
                left.removeAll(part);
                parts.add(new ImportPart(dataset, part));
            }
        }
        // The sort is stable: cost comes before usage where both begin with the same day.
        parts.sort(Comparator.comparing(part -> part.days().first()));
        return parts;
    }
}
