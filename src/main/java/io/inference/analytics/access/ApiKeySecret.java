package io.inference.analytics.access;

import io.inference.analytics.platform.Sha256;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text of a key: {@code iak_}, 12 hexadecimal digits by which it is recognised, {@code _}, and
 * 256 random bits in base64url. The fixed beginning lets secret scanners find keys that were
 * published by mistake.
 */
final class ApiKeySecret {

    private static final Pattern FORM = Pattern.compile("(iak_[0-9a-f]{12})_[A-Za-z0-9_-]{43}");
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int PREFIX_BYTES = 6;
    private static final int SECRET_BYTES = 32;

    private ApiKeySecret() {}

    /** A new key. */
    static String random() {
        byte[] prefix = new byte[PREFIX_BYTES];
        byte[] secret = new byte[SECRET_BYTES];
        RANDOM.nextBytes(prefix);
        RANDOM.nextBytes(secret);
        return "iak_" + HexFormat.of().formatHex(prefix) + "_"
                + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    }

    /** The part that may be shown; empty when the text is not a key. */
    static Optional<String> prefix(String key) {
        Matcher form = FORM.matcher(key);
        return form.matches() ? Optional.of(form.group(1)) : Optional.empty();
    }

    /** What is stored: SHA-256. The key is random, so a slow hash would protect nothing. */
    static byte[] hash(String key) {
        return Sha256.of(key);
    }

    /** Compares in a time that does not depend on where the hashes differ. */
    static boolean matches(byte[] stored, String key) {
        return MessageDigest.isEqual(stored, hash(key));
    }
}
