package io.inference.analytics.settings;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The forms that values of settings have. Each answers whether a value has it; none throws. */
final class SettingForm {

    /** A hundred years: longer ones overflow where they are counted in nanoseconds. */
    private static final Duration DURATION_MAX = Duration.ofDays(36_500);

    private static final int SECRET_BYTES_MAX = 1 << 16;

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
                    && uri.getPort() != 0
                    && uri.getPort() <= 65_535;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    /** Its path is one virtual host: the client takes no further segment. */
    static boolean isBrokerUrl(String value) {
        return isUrl(value, Set.of("amqp", "amqps"))
                && URI.create(value).getRawPath().lastIndexOf('/') <= 0;
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

    /** Where a secret is read from: a directory or an empty file would show only when the secret is needed. */
    static boolean isFileWithText(String value) {
        try {
            Path file = Path.of(value);
            // What is no regular file, such as a pipe, may be readable only once.
            return Files.isRegularFile(file)
                    ? Files.size(file) <= SECRET_BYTES_MAX
                            && !Files.readString(file, StandardCharsets.UTF_8).isBlank()
                    : Files.isReadable(file) && !Files.isDirectory(file);
        } catch (InvalidPathException | IOException e) {
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

    static boolean isDuration(String value) {
        return isDuration(value, Duration.ofMillis(1));
    }

    /** Where the other side counts whole seconds, and less than one would be none. */
    static boolean isDurationOfSeconds(String value) {
        return isDuration(value, Duration.ofSeconds(1));
    }

    private static boolean isDuration(String value, Duration least) {
        return duration(value)
                .filter(duration -> duration.compareTo(least) >= 0 && duration.compareTo(DURATION_MAX) <= 0)
                .isPresent();
    }

    /** What the configuration library takes: seconds, one number with a unit, or ISO 8601 with or without its prefix. */
    private static Optional<Duration> duration(String value) {
        String text = value.toLowerCase(Locale.ROOT);
        try {
            if (text.matches("[0-9]+")) {
                return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
            } else if (text.matches("[0-9]+ms")) {
                return Optional.of(Duration.ofMillis(Long.parseLong(text.substring(0, text.length() - 2))));
            } else if (text.matches("[0-9]+d")) {
                return Optional.of(Duration.ofDays(Long.parseLong(text.substring(0, text.length() - 1))));
            }
            return Optional.of(Duration.parse(text.startsWith("p") ? text : "PT" + text));
        } catch (NumberFormatException | ArithmeticException | DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
