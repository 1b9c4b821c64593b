package io.inference.analytics.settings;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The public key of the tokens as JWT_PUBLIC_KEY gives it: PEM text, or the path of a file with it. */
public final class TokenKey {

    private static final int RSA_BITS_MIN = 2_048;
    private static final int EC_BITS = 256;

    /** A key has less than one. */
    private static final int FILE_BYTES_MAX = 1 << 16;

    private static final Pattern PEM = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");
    private static final String PUBLIC = "PUBLIC KEY";

    private TokenKey() {}

    /**
     * The key.
     *
     * @throws IllegalArgumentException saying what is wrong, without a word of the value: it may be a private key
     */
    public static PublicKey read(String pemOrPath) {
        String text = pemOrPath.strip();
        if (!text.startsWith("-----BEGIN")) {
            text = file(text);
        }
        // One line with \n in it is how PEM text often travels through an environment file.
        Matcher pem = PEM.matcher(text.replace("\\n", "\n"));
        if (!pem.find()) {
            throw new IllegalArgumentException("no PEM");
        }
        if (!pem.group(1).equals(PUBLIC)) {
            throw new IllegalArgumentException(
                    pem.group(1).contains("PRIVATE") ? "a private key" : "PEM, but not of a public key");
        }
        PublicKey key = decode(pem.group(2));
        if (!isStrong(key)) {
            throw new IllegalArgumentException(
                    "a weak key (RSA needs at least %d bits, EC the curve P-256)".formatted(RSA_BITS_MIN));
        }
        return key;
    }

    /** What is wrong, in a few words; empty when the key can be used. */
    static Optional<String> fault(String pemOrPath) {
        try {
            read(pemOrPath);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(e.getMessage());
        }
    }

    /** Whether tokens may be signed with it: RSA from 2,048 bits on, or P-256. */
    public static boolean isStrong(PublicKey key) {
        if (key instanceof RSAPublicKey rsa) {
            return rsa.getModulus().bitLength() >= RSA_BITS_MIN;
        }
        return key instanceof ECPublicKey ec
                && ec.getParams().getCurve().getField().getFieldSize() == EC_BITS;
    }

    static String file(String path) {
        try {
            Path file = Path.of(path);
            // A pipe could be read only once, and a device for ever.
            if (!Files.isRegularFile(file) || Files.size(file) > FILE_BYTES_MAX) {
                throw new IOException("no file for a key");
            }
            String text = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
            if (text.isEmpty()) {
                throw new IllegalArgumentException("an empty file");
            }
            return text;
        } catch (IOException | InvalidPathException e) {
            throw new IllegalArgumentException("neither PEM nor a file that can be read", e);
        }
    }

    private static PublicKey decode(String base64) {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(base64.replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("PEM that cannot be decoded", e);
        }
        for (String algorithm : List.of("RSA", "EC")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(bytes));
            } catch (GeneralSecurityException e) {
                // Perhaps it is of the other kind.
                continue;
            }
        }
        throw new IllegalArgumentException("PEM, but neither an RSA nor an EC key");
    }
}
