package io.inference.analytics.settings;

import java.io.IOException;
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
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The form of a setting's values: what one looks like in words, and the check itself. No check
 * throws, and the report about a secret never quotes it.
 *
 * @param expected what a value looks like
 * @param secret whether a value may hold a password or a key
 * @param check reports a malformed value in words that continue the setting's name
 */
record SettingForm(String expected, boolean secret, Function<String, Optional<String>> check) {

    /** A hundred years: longer ones overflow where they are counted in nanoseconds. */
    private static final Duration DURATION_MAX = Duration.ofDays(36_500);

    private static final int SECRET_BYTES_MAX = 1 << 16;
    private static final int QUOTED_CHARACTERS_MAX = 60;
    private static final Set<String> HTTP = Set.of("http", "https");
    private static final Set<String> REDIS = Set.of("redis", "rediss");

    /** The report of a malformed value, such as {@code ": loud"}; empty when it is well formed. */
    Optional<String> fault(String value) {
        return check.apply(value);
    }

    private static SettingForm quoted(String expected, Predicate<String> rule) {
        return new SettingForm(
                expected, false, value -> rule.test(value) ? Optional.empty() : Optional.of(": " + printable(value)));
    }

    private static SettingForm secret(String expected, Predicate<String> rule) {
        return new SettingForm(
                expected, true, value -> rule.test(value) ? Optional.empty() : Optional.of(" is malformed"));
    }

    private static String printable(String value) {
        String line = value.replaceAll("[^ -~]", "?");
        return line.length() <= QUOTED_CHARACTERS_MAX ? line : line.substring(0, QUOTED_CHARACTERS_MAX) + "…";
    }

    static SettingForm text(String expected) {
        return quoted(expected, value -> true);
    }

    static SettingForm secret(String expected) {
        return secret(expected, value -> true);
    }

    static SettingForm matching(String expected, String pattern) {
        return quoted(expected, value -> value.matches(pattern));
    }

    static SettingForm claim() {
        return matching(
                "a claim such as roles or https://example.com/roles, or a path such as realm_access.roles",
                "[!-~]{1,200}");
    }

    static SettingForm oneOf(String... words) {
        return quoted(choice(words), value -> List.of(words).contains(value.toLowerCase(Locale.ROOT)));
    }

    /** One of the words in exactly this spelling. */
    static SettingForm exactlyOneOf(String... words) {
        return quoted(choice(words), List.of(words)::contains);
    }

    private static String choice(String... words) {
        int last = words.length - 1;
        return String.join(", ", List.of(words).subList(0, last)) + " or " + words[last];
    }

    static SettingForm number(long least, long most) {
        return quoted("a whole number from %d to %d".formatted(least, most), value -> isNumber(value, least, most));
    }

    static SettingForm bytes() {
        return quoted(
                "a whole number of bytes greater than 0, or nothing for no limit",
                value -> isNumber(value, 1, Long.MAX_VALUE));
    }

    static SettingForm port(int least) {
        return quoted("a port from %d to 65535".formatted(least), value -> isNumber(value, least, 65_535));
    }

    private static boolean isNumber(String value, long least, long most) {
        try {
            long number = Long.parseLong(value);
            return number >= least && number <= most;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    static SettingForm duration() {
        return quoted(
                "a duration greater than 0 such as 200ms, 5s, 1h, 7d or PT1M30S",
                value -> isDuration(value, Duration.ofMillis(1)));
    }

    /** For a duration that the other side counts in whole seconds, where less than one would be 0. */
    static SettingForm seconds() {
        return quoted(
                "a duration of at least 1s such as 5s, 1h, 7d or PT1M30S",
                value -> isDuration(value, Duration.ofSeconds(1)));
    }

    static SettingForm durationOrZero() {
        return quoted(
                "a duration such as 5s, or 0s",
                value -> isDuration(value, Duration.ofMillis(1)) || value.matches("0+(ms|[sS])?"));
    }

    private static boolean isDuration(String value, Duration least) {
        return parseDuration(value)
                .filter(duration -> duration.compareTo(least) >= 0 && duration.compareTo(DURATION_MAX) <= 0)
                .isPresent();
    }

    /** What SmallRye Config accepts: seconds, one number with a unit, or ISO 8601 with or without its prefix. */
    private static Optional<Duration> parseDuration(String value) {
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

    /** A file to read a secret from. A directory or an empty file would fail only when the secret is needed. */
    static SettingForm file() {
        return quoted("the path of a readable file with text in it", SettingForm::isFileWithText);
    }

    private static boolean isFileWithText(String value) {
        try {
            Path file = Path.of(value);
            // A file that is not regular, such as a pipe, may be readable only once.
            return Files.isRegularFile(file)
                    ? Files.size(file) <= SECRET_BYTES_MAX
                            && !Files.readString(file, StandardCharsets.UTF_8).isBlank()
                    : Files.isReadable(file) && !Files.isDirectory(file);
        } catch (InvalidPathException | IOException e) {
            return false;
        }
    }

    static SettingForm addressRanges() {
        return quoted("addresses or ranges such as 10.0.0.0/8, separated by commas", AddressRange::isList);
    }

    static SettingForm certificates() {
        return quoted(TrustedAuthorities.FORM, TrustedAuthorities::isWellFormed);
    }

    /** The key's own faults are reported: they say what is wrong without a word of the value. */
    static SettingForm tokenKey() {
        return new SettingForm(
                "a public key in PEM, or the path of a file with one; or JWT_JWKS_URL",
                true,
                value -> TokenKey.fault(value).map(fault -> ": " + fault));
    }

    static SettingForm localKey() {
        return new SettingForm("the path of a file with an RSA private key in PEM", true, value -> LocalKey.fault(value)
                .map(fault -> ": " + fault));
    }

    static SettingForm databaseUrl() {
        return address(DatabaseUrl.FORM, DatabaseUrl::read);
    }

    static SettingForm httpUrl(String expected) {
        return address(expected, value -> parseUri(value, HTTP));
    }

    static SettingForm brokerUrl() {
        return address(BrokerUrl.FORM, value -> BrokerUrl.of(ServerAddress.parse(value)));
    }

    static SettingForm redisUrls() {
        return address("redis://user:password@host:port, or rediss for TLS", value -> {
            for (String url : value.split(",", -1)) {
                if (!url.strip().startsWith("unix://")) {
                    parseUri(url, REDIS);
                }
            }
        });
    }

    private static void parseUri(String value, Set<String> schemes) {
        if (!schemes.contains(ServerAddress.parseUri(value).scheme())) {
            throw new ServerAddress.Malformed("");
        }
    }

    /** An address, which may hold a password: the report names a reason and never the value. */
    static SettingForm address(String expected, Consumer<String> parser) {
        return new SettingForm(expected, true, value -> {
            try {
                parser.accept(value);
                return Optional.empty();
            } catch (ServerAddress.Malformed e) {
                return Optional.of(malformed(e.getMessage()));
            }
        });
    }

    static String malformed(String reason) {
        return " is malformed" + (reason.isEmpty() ? "" : ": " + reason);
    }
}
