package io.inference.analytics.provider;

import io.inference.analytics.platform.WireNamed;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A company whose bills are imported. */
public enum Provider implements WireNamed {
    ANTHROPIC,
    CURSOR,
    OPENAI,
    /** Files that people bring: claude.ai has no API for them. */
    CLAUDE_AI;

    /** The names of those with an API, for messages and help texts. */
    public static final String API_NAMES = "anthropic, cursor or openai";

    /** As in the ledger and in labels. */
    @Override
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Provider of(String wireName) {
        return valueOf(wireName.toUpperCase(Locale.ROOT));
    }

    /** Those with an API, and so with a client. */
    public static List<Provider> withApi() {
        return Arrays.stream(values()).filter(provider -> provider != CLAUDE_AI).toList();
    }

    /** Its data sets that have a past, in the order in which they are imported. */
    public List<Dataset> datasetsWithPast() {
        return Arrays.stream(Dataset.values())
                .filter(dataset -> dataset.provider() == this && dataset.hasPast())
                .toList();
    }

    /** The data set that stands for a day of the provider: its bill, where it sends one. */
    public Dataset mainDataset() {
        return switch (this) {
            case ANTHROPIC -> Dataset.COST;
            case CURSOR -> Dataset.CURSOR_EVENTS;
            case OPENAI -> Dataset.OPENAI_COST;
            case CLAUDE_AI -> Dataset.CLAUDE_AI_AUDIT;
        };
    }
}
