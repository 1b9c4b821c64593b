package io.inference.analytics.bills;

import io.inference.analytics.platform.WireNamed;
import java.util.Locale;

/** The import of a day in a word for people; what needs attention most comes first. */
public enum DayState implements WireNamed {
    /** Held back because its total departs too far from what is usual; a person decides. */
    QUARANTINED,
    /** The last attempt failed. */
    FAILED,
    /** The provider had nothing for a day that is expected to have something. */
    SUSPECT,
    /** Never tried. */
    MISSING,
    /** An attempt is under way, or was interrupted. */
    PENDING,
    /** Read before the day was over, so it holds only a part of it. */
    PARTIAL,
    /** Imported, and changed by the provider since the first import. */
    RESTATED,
    /** Imported. */
    IMPORTED;

    @Override
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @param status as in the ledger, or {@code missing} */
    static DayState of(String status, int revision, boolean partial) {
        if (status.equals(MISSING.wireName())) {
            return MISSING;
        }
        return switch (ImportStatus.of(status)) {
            case OK, OK_EMPTY -> partial ? PARTIAL : revision > 1 ? RESTATED : IMPORTED;
            case FAILED_RETRYABLE, FAILED_PERMANENT -> FAILED;
            case QUARANTINED -> QUARANTINED;
            case SUSPECT_EMPTY -> SUSPECT;
            case PENDING, RUNNING -> PENDING;
        };
    }
}
