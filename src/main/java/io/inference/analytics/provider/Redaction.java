package io.inference.analytics.provider;

import java.util.regex.Pattern;

/** Removes everything from a text that looks like a provider's key. */
public final class Redaction {

    private static final Pattern KEYS = Pattern.compile(
            "sk-ant-[A-Za-z0-9_.-]{12,}|\\bcrsr_[A-Za-z0-9_-]+|\\bkey_[A-Za-z0-9_-]{16,}|(?i:\\b(?:basic|bearer)) +[A-Za-z0-9+/=._-]{8,}");

    private Redaction() {}

    public static String of(String text) {
        return KEYS.matcher(text).replaceAll("[redacted]");
    }
}
