package io.inference.analytics.platform;

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
        String text = "nullif(" + column + ", '')";
        return "case when strpos('" + FORMULA_STARTS + "', left(" + text + ", 1)) > 0 then '''' || " + column + " else "
                + text + " end";
    }
}
