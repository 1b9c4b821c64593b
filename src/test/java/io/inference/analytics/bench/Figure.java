package io.inference.analytics.bench;

import java.util.Locale;

/**
 * One line of the table.
 *
 * @param name what was measured
 * @param ours the service's figure with its unit
 * @param reference what it is held against, with its figure
 * @param ratio ours divided by the reference; empty when there is none
 * @param target what has to be reached
 */
record Figure(String name, String ours, String reference, String ratio, String target, boolean reached) {

    /** Events a second, of which at least a share of the reference's is wanted. */
    static Figure rate(String name, double ours, String referenceName, double reference, double ratioMin) {
        double ratio = ours / reference;
        return new Figure(
                name,
                perSecond(ours),
                referenceName + " " + perSecond(reference),
                decimals(ratio),
                "ratio >= " + ratioMin,
                ratio >= ratioMin);
    }

    /** Events a second next to those of the reference, of which nothing is wanted. */
    static Figure compared(String name, double ours, String referenceName, double reference) {
        return new Figure(
                name,
                perSecond(ours),
                referenceName + " " + perSecond(reference),
                decimals(ours / reference),
                "",
                true);
    }

    /** A figure with an upper bound of its own. */
    static Figure atMost(String name, double ours, double max, String unit) {
        return new Figure(name, plain(ours) + " " + unit, "", "", "<= " + plain(max) + " " + unit, ours <= max);
    }

    /** A figure with an upper bound of its own, beside the reference's figure. */
    static Figure atMost(String name, double ours, String referenceName, double reference, double max, String unit) {
        return new Figure(
                name,
                plain(ours) + " " + unit,
                referenceName + " " + plain(reference) + " " + unit,
                decimals(ours / reference),
                "<= " + plain(max) + " " + unit,
                ours <= max);
    }

    /** A figure that is shown but not judged. */
    static Figure shown(String name, String ours, String reference) {
        return new Figure(name, ours, reference, "", "", true);
    }

    static String perSecond(double rate) {
        return String.format(Locale.ROOT, "%,.0f/s", rate);
    }

    private static String decimals(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    static String plain(double value) {
        return String.format(Locale.ROOT, value < 10 && value != Math.rint(value) ? "%.2f" : "%,.0f", value);
    }
}
