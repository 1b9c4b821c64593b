package io.inference.analytics.settings;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Optional;

/** The private key that the local stack signs its own tokens with, as CONSOLE_LOCAL_KEY names it: a file with PEM text. */
public final class LocalKey {

    private LocalKey() {}

    /**
     * The key.
     *
     * @throws IllegalArgumentException saying what is wrong, without a word of the value or of the file
     */
    public static RSAPrivateKey read(String path) {
        String base64 = text(path).replaceAll("-----[A-Z ]+-----", "");
        try {
            byte[] der = Base64.getMimeDecoder().decode(base64);
            return (RSAPrivateKey) KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (IllegalArgumentException | GeneralSecurityException e) {
            throw new IllegalArgumentException("not an RSA private key in PEM (PKCS #8)", e);
        }
    }

    private static String text(String path) {
        try {
            return TokenKey.file(path);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("not a file that can be read", e);
        }
    }

    /** What is wrong, in a few words; empty when the key can be used. */
    static Optional<String> fault(String path) {
        try {
            read(path);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(e.getMessage());
        }
    }

    /** Whether the service takes tokens that this key signed. Both values are well formed. */
    static boolean belongsTo(String path, String publicPemOrPath) {
        return TokenKey.read(publicPemOrPath) instanceof RSAPublicKey key
                && key.getModulus().equals(read(path).getModulus());
    }
}
