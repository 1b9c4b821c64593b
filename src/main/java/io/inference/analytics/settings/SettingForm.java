package io.inference.analytics.settings;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The forms that values of settings have. Each answers whether a value has it; none throws. */
final class SettingForm {

    private SettingForm() {}

    static boolean isDatabaseUrl(String value) {
        try {
            DatabaseUrl.parse(value);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    static boolean isUrl(String value, Set<String> schemes) {
        try {
            URI uri = new URI(value);
            return uri.getScheme() != null
                    && schemes.contains(uri.getScheme().toLowerCase(Locale.ROOT))
                    && uri.getHost() != null
                    && uri.getPort() <= 65_535;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    static boolean areRedisUrls(String value) {
        for (String url : value.split(",", -1)) {
            if (!isUrl(url.strip(), Set.of("redis", "rediss")) && !url.strip().startsWith("unix://")) {
                return false;
            }
        }
        return true;
    }

    static boolean isBoolean(String value) {
        return isOneOf(value, "true", "false");
    }

    static boolean isReadableFile(String value) {
        try {
            return Files.isReadable(Path.of(value));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    static boolean isOneOf(String value, String... words) {
        return List.of(words).contains(value.toLowerCase(Locale.ROOT));
    }

    static boolean isNumber(String value, long least, long most) {
        try {
            long number = Long.parseLong(value);
            return number >= least && number <= most;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /** What the configuration library takes: seconds, one number with a unit, or ISO 8601 with or without its prefix. */
    static boolean isDuration(String value) {
        String text = value.toLowerCase(Locale.ROOT);
        if (text.matches("[0-9]{1,15}(ms|d)?")) {
            return text.matches(".*[1-9].*");
        }
        try {
            Duration duration = Duration.parse(text.startsWith("p") ? text : "PT" + text);
            return !duration.isNegative() && !duration.isZero();
        } catch (DateTimeParseException e) {
            return false;
        }
    }
}
