package io.inference.analytics.event;

import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;

/**
 * Times of RFC 3339, section 5.6, to the microsecond (further digits are cut off). Stricter than {@code Instant.parse} and
 * {@code OffsetDateTime.parse}: the seconds and the offset are required, years have four digits, 24:00 is refused. Leap seconds
 * are refused too, because neither Java's nor PostgreSQL's times can hold them.
 */
final class Rfc3339 {
    /** {@code 2026-01-01T00:00:00Z} */
    private static final int CHARS_MIN = 20;

    private static final int FRACTION_START = 19;

    private Rfc3339() {}

    /** The instant, or null if the text is not such a time. */
    static Instant parse(char[] text, int start, int length) {
        if (length < CHARS_MIN
                || text[start + 4] != '-'
                || text[start + 7] != '-'
                || (text[start + 10] != 'T' && text[start + 10] != 't')
                || text[start + 13] != ':'
                || text[start + 16] != ':') {
            return null;
        }
        int year = number(text, start, 4);
        int month = number(text, start + 5, 2);
        int day = number(text, start + 8, 2);
        int secondOfDay = secondOfDay(text, start + 11, true);
        if (year < 0 || month < 1 || month > 12 || day < 1 || secondOfDay < 0) {
            return null;
        }
        if (day > 28 && day > YearMonth.of(year, month).lengthOfMonth()) {
            return null;
        }
        int end = start + length;
        int at = start + FRACTION_START;
        int micros = 0;
        if (text[at] == '.') {
            int firstDigit = ++at;
            for (int unit = 100_000; at < end && isDigit(text[at]); at++, unit /= 10) {
                micros += unit * (text[at] - '0');
            }
            if (at == firstDigit) {
                return null;
            }
        }
        int offsetSeconds = offsetSeconds(text, at, end);
        if (offsetSeconds == Integer.MIN_VALUE) {
            return null;
        }
        long days = LocalDate.of(year, month, day).toEpochDay();
        return Instant.ofEpochSecond(days * 86_400 + secondOfDay - offsetSeconds, micros * 1_000L);
    }

    private static int offsetSeconds(char[] text, int at, int end) {
        if (at + 1 == end && (text[at] == 'Z' || text[at] == 'z')) {
            return 0;
        }
        if (at + 6 != end || (text[at] != '+' && text[at] != '-') || text[at + 3] != ':') {
            return Integer.MIN_VALUE;
        }
        int seconds = secondOfDay(text, at + 1, false);
        if (seconds < 0) {
            return Integer.MIN_VALUE;
        }
        return text[at] == '-' ? -seconds : seconds;
    }

    private static int secondOfDay(char[] text, int at, boolean withSeconds) {
        int hour = number(text, at, 2);
        int minute = number(text, at + 3, 2);
        int second = withSeconds ? number(text, at + 6, 2) : 0;
        boolean valid = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
        return valid ? hour * 3_600 + minute * 60 + second : -1;
    }

    private static int number(char[] text, int at, int digits) {
        int value = 0;
        for (int i = at; i < at + digits; i++) {
            if (!isDigit(text[i])) {
                return -1;
            }
            value = value * 10 + (text[i] - '0');
        }
        return value;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
