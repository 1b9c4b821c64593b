package io.inference.analytics.provider;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What an event of Cursor costs: billed needs the flag and a kind that is billed (ADR 15). The flag
 * alone is not enough: events that a plan includes carry it, too.
 */
enum CursorCharge {
    /** On demand: it is on the invoice. */
    BILLED,
    /** Its value is known, and the plan has paid for it. */
    INCLUDED,
    /** Free, or it failed. */
    FREE;

    private static final Pattern FREE_KINDS = Pattern.compile("free|not?charge|errored|aborted");
    private static final Pattern BILLED_KINDS = Pattern.compile("usagebased|ondemand|apikey");

    static CursorCharge of(JsonNode event) {
        String kind = word(JsonFields.text(event, "kind"));
        if (FREE_KINDS.matcher(kind).find()) {
            return FREE;
        }
        boolean billed = BILLED_KINDS.matcher(kind).find() && JsonFields.flag(event, "isChargeable");
        return billed ? BILLED : INCLUDED;
    }

    /** @throws ProviderTrouble when the kind is missing, or unknown and marked as charged */
    static CursorCharge checked(JsonNode event) throws ProviderTrouble {
        String kind = JsonFields.requiredText(event, "kind");
        CursorCharge charge = of(event);
        if (charge == INCLUDED
                && JsonFields.requiredFlag(event, "isChargeable")
                && !word(kind).contains("included")) {
            throw ProviderTrouble.lasting(
                    "broken_field", "kind: %s (expected: on demand, included, free or errored)".formatted(kind));
        }
        return charge;
    }

    /** Cursor writes a kind in two ways: "Included in Business" and USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS. */
    private static String word(String kind) {
        return kind == null ? "" : kind.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
    }
}
