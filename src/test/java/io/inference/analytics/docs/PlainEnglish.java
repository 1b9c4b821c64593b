package io.inference.analytics.docs;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Phrases that this project's texts avoid, each with what to write instead; see "How we write" in CONTRIBUTING.md. Each pattern is
 * chosen so that it refuses no good English.
 */
final class PlainEnglish {

    private record Avoided(Pattern phrase, String better) {}

    private static final List<Avoided> AVOIDED = List.of(
            avoided("can~not", "cannot"),
            avoided("any ?more", "no longer"),
            avoided("anew", "again, or recompute"),
            avoided("nobody(?:'s)?", "name the actor"),
            avoided("who(?:m)?ever", "name the actor"),
            avoided("besides?", "in addition to, or next to"),
            avoided("tells|told", "reports, or says"),
            avoided("dear(?:er)?", "expensive"),
            avoided("at~the~door", "at the access check"),
            // "There is no row" is good English, "it is no row" is not.
            avoided(
                    "(?<!\\bthere )(?<!\\bthere still )(?:is|are|was|were)~no~(?!longer|more|less|fewer)\\w+",
                    "is not a"),
            avoided(
                    "(?:\\d+|rows?|events|requests|messages|calls|bytes|µs|entries|points)~an?~"
                            + "(?:second|minute|hour|day|week|month|year|event|row|message|batch|group|request|call)"
                            + "(?!~(?:before|ago|later|earlier|after)\\b)",
                    "per"));

    private PlainEnglish() {}

    /** A tilde stands for a blank, or for the end of a line and what a comment has before its next one. */
    private static Avoided avoided(String phrase, String better) {
        String spaced = phrase.replace("~", "\\s+(?:(?:--|//|\\*|#)\\s+)?");
        return new Avoided(Pattern.compile("\\b(?:" + spaced + ")\\b", Pattern.CASE_INSENSITIVE), better);
    }

    /** One text for each avoided phrase: its line, the phrase, and what to write instead. */
    static List<String> faults(String text) {
        List<String> faults = new ArrayList<>();
        for (Avoided avoided : AVOIDED) {
            Matcher matcher = avoided.phrase().matcher(text);
            while (matcher.find()) {
                long line = text.substring(0, matcher.end()).lines().count();
                faults.add("%d: \"%s\" (expected: %s)"
                        .formatted(line, matcher.group().replaceAll("\\s+", " "), avoided.better()));
            }
        }
        return faults;
    }
}
