package io.inference.analytics.platform;

import java.util.stream.Collectors;

/** What all CSV files of this service have in common. */
public final class Csv {

    /** What begins a formula in some spreadsheet; the last four are the full-width forms. */
    private static final String FORMULA_STARTS = "=+-@\t\r\n|%\uFF1D\uFF0B\uFF0D\uFF20";

    private Csv() {}

    /**
     * Makes text harmless that a spreadsheet would run as a formula, by a leading apostrophe (OWASP: CSV injection). Only for
     * text that callers choose: a figure may begin with a minus.
     */
    public static String harmless(String text) {
        return !text.isEmpty() && FORMULA_STARTS.indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
    }

    /** The same as an SQL expression over a text column; the empty text and null are null. */
    public static String harmlessSql(String column) {
        String starts = FORMULA_STARTS.codePoints().mapToObj(Integer::toString).collect(Collectors.joining(","));
        // The code of the first character, 0 for the empty text: no text is made to look at it.
        return "case when ascii(" + column + ") = any ('{" + starts + "}') then '''' || " + column + " else nullif("
                + column + ", '') end";
    }
}
