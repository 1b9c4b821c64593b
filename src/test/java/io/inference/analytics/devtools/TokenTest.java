package io.inference.analytics.devtools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenTest {
    private static final Instant NOW = Instant.parse("2026-03-15T12:00:00Z");
    private static final String ORG = "00000000-0000-4000-8000-00000000000A";

    @TempDir
    private static Path directory;

    private static KeyPair keys;

    private final StringWriter stdout = new StringWriter();
    private final StringWriter stderr = new StringWriter();

    @BeforeAll
    static void writeKey() throws GeneralSecurityException, IOException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        keys = generator.generateKeyPair();
        String base64 = Base64.getMimeEncoder().encodeToString(keys.getPrivate().getEncoded());
        Files.writeString(
                directory.resolve("private.pem"),
                "-----BEGIN PRIVATE KEY-----\n" + base64 + "\n-----END PRIVATE KEY-----\n");
    }

    @Test
    void theTokenIsOneSignedLine() throws Exception {
        assertThat(run("--org", ORG, "--org=" + SampleOptions.orgId(2), "--role", "engineer", "--ttl", "15m"))
                .isZero();
        assertThat(stdout.toString()).matches("[\\w-]+\\.[\\w-]+\\.[\\w-]+\\R");
        String[] parts = stdout.toString().strip().split("\\.", -1);

        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initVerify(keys.getPublic());
        signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
        assertThat(signature.verify(Base64.getUrlDecoder().decode(parts[2]))).isTrue();

        assertThat(json(parts[0])).hasToString("{\"alg\":\"RS256\",\"typ\":\"JWT\"}");
        JsonNode claims = json(parts[1]);
        assertThat(claims.path("jti").asText()).hasSize(36);
        assertThat(claims.toString())
                .startsWith(
                        """
                        {"iss":"https://issuer.example","aud":"audience","sub":"local-developer",\
                        "orgs":["%s","%s"],"roles":["engineer"],"iat":%d,"exp":%d,"""
                                .formatted(
                                        ORG,
                                        SampleOptions.orgId(2),
                                        NOW.getEpochSecond(),
                                        NOW.plusSeconds(900).getEpochSecond()));
    }

    @Test
    void nothingIsClaimedThatNobodyAskedFor() throws Exception {
        assertThat(run()).isZero();
        JsonNode claims = json(stdout.toString().split("\\.", -1)[1]);
        assertThat(claims.path("orgs")).isEmpty();
        assertThat(claims.path("roles")).isEmpty();
        assertThat(claims.path("exp").asLong() - claims.path("iat").asLong()).isEqualTo(3600);
    }

    @Test
    void aNameMayHoldAnything() throws Exception {
        String name = "a \"b\\ü\tx";
        assertThat(run("--sub", name)).isZero();
        assertThat(json(stdout.toString().split("\\.", -1)[1]).path("sub").asText())
                .isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--org",
                "--org x",
                "--org 1-1-1-1-1",
                "--role",
                "--role a/b",
                "--sub=",
                "--ttl 1w",
                "--ttl -1",
                "--ttl 1234567890s",
                "--bogus",
                "argument",
            })
    void wrongCommandLineIsUsageError(String arguments) {
        assertThat(run(arguments.split(" ", -1))).isEqualTo(2);
        assertThat(stderr.toString())
                .startsWith("local-dev/token: ")
                .hasLineCount(2)
                .endsWith("Try local-dev/token --help." + System.lineSeparator());
        assertThat(stdout.toString()).isEmpty();
    }

    private static JsonNode json(String base64) throws IOException {
        return new ObjectMapper().readTree(Base64.getUrlDecoder().decode(base64));
    }

    private int run(String... arguments) {
        Map<String, String> environment = Map.of(
                "JWT_ISSUER",
                "https://issuer.example",
                "JWT_AUDIENCE",
                "audience",
                Token.PRIVATE_KEY_FILE,
                directory.resolve("private.pem").toString());
        return DevTool.commandLine(new Token(Clock.fixed(NOW, ZoneOffset.UTC), environment))
                .setOut(new PrintWriter(stdout, true))
                .setErr(new PrintWriter(stderr, true))
                .execute(arguments);
    }
}
