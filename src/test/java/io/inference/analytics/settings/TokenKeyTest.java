package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What JWT_PUBLIC_KEY may be, as the check of the settings sees it. */
class TokenKeyTest {

    @TempDir
    Path directory;

    static KeyPair pair(String algorithm, String size) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            if (algorithm.equals("EC")) {
                generator.initialize(new ECGenParameterSpec(size));
            } else {
                generator.initialize(Integer.parseInt(size));
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static String pem(String label, Key key) {
        return pem(label, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key.getEncoded()));
    }

    private static String pem(String label, String content) {
        return "-----BEGIN " + label + "-----\n" + content + "\n-----END " + label + "-----\n";
    }

    /** The fault, and texts that have it. */
    static Stream<Arguments> unusable() {
        KeyPair rsa = pair("RSA", "2048");
        return Stream.of(
                Arguments.of("no PEM", "hello"),
                Arguments.of("no PEM", "-----BEGIN PUBLIC KEY-----\nMIIB"),
                Arguments.of("PEM that cannot be decoded", pem("PUBLIC KEY", "!S3cr3t!")),
                Arguments.of("PEM, but neither an RSA nor an EC key", pem("PUBLIC KEY", "S3cr3tS3cr3t")),
                Arguments.of(
                        "PEM, but neither an RSA nor an EC key",
                        pem("PUBLIC KEY", pair("DSA", "1024").getPublic())),
                Arguments.of("PEM, but not of a public key", pem("CERTIFICATE", "S3cr3tS3cr3t")),
                Arguments.of("a private key", pem("PRIVATE KEY", rsa.getPrivate())),
                Arguments.of("a private key", pem("RSA PRIVATE KEY", rsa.getPrivate())),
                Arguments.of("a private key", pem("EC PRIVATE KEY", "S3cr3tS3cr3t")),
                Arguments.of(
                        "a weak key (RSA needs at least 2048 bits, EC the curve P-256)",
                        pem("PUBLIC KEY", pair("RSA", "1024").getPublic())),
                Arguments.of(
                        "a weak key (RSA needs at least 2048 bits, EC the curve P-256)",
                        pem("PUBLIC KEY", pair("EC", "secp384r1").getPublic())));
    }

    private static void assertRefused(String value, String fault) {
        assertThat(SettingsCheck.faults(
                        Set.of(Setting.DATABASE_URL, Setting.RABBITMQ_URL),
                        name -> name.equals("JWT_PUBLIC_KEY") ? Optional.of(value) : Optional.empty()))
                .containsExactly("JWT_PUBLIC_KEY: " + fault
                        + " (expected: a public key in PEM, or the path of a file with one; or JWT_JWKS_URL)");
    }

    @ParameterizedTest
    @MethodSource("unusable")
    void aFileThatHoldsNoUsableKeyStopsTheStart(String fault, String text) throws IOException {
        assertRefused(Files.writeString(directory.resolve("key.pem"), text).toString(), fault);
    }

    @ParameterizedTest
    @MethodSource("unusable")
    void soDoesSuchAText(String fault, String text) {
        if (text.startsWith("-----")) {
            assertRefused(text, fault);
        } else {
            assertRefused(text, "neither PEM nor a file that can be read");
        }
    }

    @Test
    void soDoesAFileThatCannotBeRead() throws IOException {
        assertRefused(directory.resolve("missing.pem").toString(), "neither PEM nor a file that can be read");
        assertRefused(directory.toString(), "neither PEM nor a file that can be read");
        assertRefused("/dev/zero", "neither PEM nor a file that can be read");
        assertRefused("\u0000", "neither PEM nor a file that can be read");
        assertRefused(Files.writeString(directory.resolve("empty"), " \n").toString(), "an empty file");
    }

    @Test
    void bothKindsOfKeysPass() {
        for (KeyPair pair : new KeyPair[] {pair("RSA", "2048"), pair("RSA", "3072"), pair("EC", "secp256r1")}) {
            String pem = pem("PUBLIC KEY", pair.getPublic());
            assertThat(TokenKey.read(pem)).isEqualTo(pair.getPublic());
            assertThat(TokenKey.read(" " + pem.replace("\n", "\\n") + "\n")).isEqualTo(pair.getPublic());
        }
    }
}
