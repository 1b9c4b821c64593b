package io.inference.analytics.platform;

/** What all CSV files of this service have in common. */
public final class Csv {

    private Csv() {}

    /**
     * Makes text harmless that a spreadsheet would run as a formula, by a leading apostrophe (OWASP: CSV injection). Only for
     * text that callers choose: a figure may begin with a minus.
     */
    public static String harmless(String text) {
        if (text.isEmpty()) {
            return text;
        }
        return switch (text.charAt(0)) {
            case '=', '+', '-', '@', '\t', '\r', '\n', '|', '%', '\uFF1D', '\uFF0B', '\uFF0D', '\uFF20' -> "'" + text;
            default -> text;
        };
    }
}
