package io.inference.analytics.budget;

import com.fasterxml.jackson.annotation.JsonValue;
import io.inference.analytics.platform.WireNamed;
import java.util.Locale;

/** What a budget's current period is like. */
public enum BudgetStatus implements WireNamed {
    OK,
    REACHED,
    /** Some usage in scope has no price, so that more may have been spent than is known. */
    INCOMPLETE;

    @Override
    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    static BudgetStatus of(String wireName) {
        return valueOf(wireName.toUpperCase(Locale.ROOT));
    }
}
