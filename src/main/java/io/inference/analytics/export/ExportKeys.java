package io.inference.analytics.export;

import java.time.YearMonth;
import java.util.UUID;

/** The keys of the files in their bucket. */
public final class ExportKeys {

    private static final String PREFIX = "analytics/exports/";

    private ExportKeys() {}

    static String of(UUID org, UUID job) {
        return PREFIX + org + "/" + job + ".csv";
    }

    static String of(UUID org, ExportJob.Restatement monthly) {
        return PREFIX + org + "/" + compact(monthly.month()) + "-r" + monthly.revision() + ".csv";
    }

    /** The copy of the latest file of a month. */
    static String latest(UUID org, YearMonth month) {
        return PREFIX + org + "/" + compact(month) + ".csv";
    }

    /** The manifest next to a file. */
    static String manifestOf(String key) {
        return key.substring(0, key.length() - ".csv".length()) + ".manifest.json";
    }

    private static String compact(YearMonth month) {
        return month.toString().replace("-", "");
    }
}
