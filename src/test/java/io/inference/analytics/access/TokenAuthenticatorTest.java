package io.inference.analytics.access;

import static io.inference.analytics.access.SignedTokens.EC;
import static io.inference.analytics.access.SignedTokens.ORG;
import static io.inference.analytics.access.SignedTokens.RSA;
import static io.inference.analytics.access.SignedTokens.claims;
import static io.inference.analytics.access.SignedTokens.claimsJson;
import static io.inference.analytics.access.SignedTokens.jwk;
import static io.inference.analytics.access.SignedTokens.pair;
import static io.inference.analytics.access.SignedTokens.pem;
import static io.inference.analytics.access.SignedTokens.rightlySigned;
import static io.inference.analytics.access.SignedTokens.rs256;
import static io.inference.analytics.access.SignedTokens.signed;
import static io.inference.analytics.access.SignedTokens.withKey;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.inference.analytics.access.SignedTokens.Settings;
import io.inference.analytics.platform.Failure;
import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jose4j.jwe.JsonWebEncryption;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jws.JsonWebSignature;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenAuthenticatorTest {

    private static void refused(String token) {
        assertThatThrownBy(() -> withKey(pem(RSA)).verify(token)).isInstanceOf(Failure.Unauthorized.class);
    }

    @Test
    void rs256AndEs256Hold() {
        Caller caller = withKey(pem(RSA)).verify(rs256(claims -> claims));
        assertThat(caller.subject()).isEqualTo("ann");
        assertThat(caller.orgs()).containsExactly(ORG);
        assertThat(caller.grants()).containsExactly(Role.ENGINEER.grant());
        assertThat(withKey(pem(EC))
                        .verify(signed(claims -> claims, EC, SignatureAlgorithm.ES256))
                        .subject())
                .isEqualTo("ann");
    }

    @Test
    void theKeyMayComeFromAFileOrInOneLine(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("key.pem"), pem(EC));
        String token = signed(claims -> claims, EC, SignatureAlgorithm.ES256);
        assertThat(withKey(file.toString()).verify(token).subject()).isEqualTo("ann");
        assertThat(withKey(pem(EC).replace("\n", "\\n")).verify(token).subject())
                .isEqualTo("ann");
    }

    @Test
    void keysAndAddressesInTheTokenItselfAreIgnored() throws Exception {
        KeyPair own = pair("RSA");
        JsonWebSignature forged = new JsonWebSignature();
        forged.setAlgorithmHeaderValue("RS256");
        forged.setKey(own.getPrivate());
        forged.setJwkHeader((PublicJsonWebKey) jwk("own", own));
        forged.setHeader("jku", "https://attacker.example/jwks");
        forged.setPayload(claimsJson());
        refused(forged.getCompactSerialization());
    }

    @Test
    void strangeHeadersAreRefused() throws Exception {
        TokenAuthenticator tokens = withKey(pem(RSA));
        assertThat(tokens.verify(rightlySigned("{\"alg\":\"RS256\"}", claimsJson()))
                        .subject())
                .isEqualTo("ann");
        for (String header : List.of(
                "{}",
                "{\"alg\":null}",
                "{\"alg\":[\"RS256\"]}",
                "{\"alg\":\"rs256\"}",
                "{\"alg\":\"RS256 \"}",
                "{\"alg\":\"none\"}",
                "{\"alg\":\"nOnE\"}",
                "{\"alg\":\"PS256\"}",
                "{\"alg\":\"HS256\"}",
                "{\"alg\":\"none\",\"alg\":\"RS256\"}",
                "{\"alg\":\"RS256\",\"crit\":[\"exp\"],\"exp\":1}",
                "{\"alg\":\"RS256\",\"crit\":[\"x\"],\"x\":1}",
                "{\"alg\":\"RS256\",\"b64\":false,\"crit\":[\"b64\"]}",
                "{\"alg\":\"RS256\"",
                "[]",
                "null")) {
            String token = rightlySigned(header, claimsJson());
            assertThatThrownBy(() -> tokens.verify(token)).as(header).isInstanceOf(Failure.Unauthorized.class);
        }
    }

    @Test
    void strangeClaimsAreRefused() throws Exception {
        TokenAuthenticator tokens = withKey(pem(RSA));
        String good = claimsJson();
        for (String claims : List.of(
                good.replace("\"sub\"", "\"sub\":\"eve\",\"sub\""),
                good.replace("\"orgs\"", "\"orgs\":[],\"orgs\""),
                good.replace("\"ann\"", "7"),
                good.replace("\"ann\"", "\" \""),
                good.replace("\"orgs\":[]", "\"orgs\":null"),
                good.replace("\"orgs\":[]", "\"orgs\":{}"),
                good.replace("\"orgs\":[]", "\"orgs\":\"*\""),
                good.replace("\"orgs\":[]", "\"orgs\":[\"*\"]"),
                good.replace("\"orgs\":[]", "\"orgs\":[[\"" + ORG + "\"]]"),
                good.replace("\"orgs\":[]", "\"orgs\":[null]"),
                good.replace("\"orgs\":[]", "\"Orgs\":[]"),
                good.replace("\"orgs\":[]", "\"orgs\":[],\"roles\":{\"engineer\":true}"),
                good.replace("\"orgs\":[]", "\"orgs\":[],\"roles\":[1]"),
                good.replace("\"analytics\"", "[]"),
                good.replace("\"analytics\"", "[\"other\"]"),
                good.replace("\"analytics\"", "\"analytics \""),
                good.replace("\"analytics\"", "{\"analytics\":1}"),
                good.replace("https://issuer", "https://issuer/"),
                good.replace("\"https://issuer\"", "[\"https://issuer\"]"),
                good.replaceFirst("\"exp\":[0-9]+", "\"exp\":\"never\""),
                good.replaceFirst("\"exp\":[0-9]+", "\"exp\":null"),
                good.replaceFirst("\"exp\":[0-9]+", "\"exp\":-1"),
                good + "x",
                "[]",
                "null",
                "")) {
            String token = rightlySigned("{\"alg\":\"RS256\"}", claims);
            assertThatThrownBy(() -> tokens.verify(token)).as(claims).isInstanceOf(Failure.Unauthorized.class);
        }
    }

    @Test
    void encryptedTokensAreNotTaken() throws Exception {
        JsonWebEncryption encrypted = new JsonWebEncryption();
        encrypted.setAlgorithmHeaderValue("RSA-OAEP-256");
        encrypted.setEncryptionMethodHeaderParameter("A256GCM");
        encrypted.setKey(RSA.getPublic());
        encrypted.setPayload(claimsJson());
        refused(encrypted.getCompactSerialization());
    }

    @Test
    void oversizedTokensAreRefusedUnread() {
        refused(rs256(claims -> claims.claim("pad", "x".repeat(20_000))));
    }

    @Test
    void anotherKeyOrAlgorithmIsRefused() {
        refused(signed(claims -> claims, pair("RSA"), SignatureAlgorithm.RS256));
        refused(signed(claims -> claims, RSA, SignatureAlgorithm.RS512));
        refused(signed(claims -> claims, EC, SignatureAlgorithm.ES256));
        refused(claims().jws().algorithm(SignatureAlgorithm.HS256).sign((javax.crypto.SecretKey)
                new javax.crypto.spec.SecretKeySpec(pem(RSA).getBytes(StandardCharsets.UTF_8), "HmacSHA256")));
        String[] parts = rs256(claims -> claims).split("\\.", -1);
        String none = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8));
        refused(none + "." + parts[1] + ".");
        refused(parts[0] + "." + parts[1] + ".");
        refused(parts[0] + "." + parts[1].substring(1) + "." + parts[2]);
        refused("");
        refused("x");
    }

    @Test
    void issuerAudienceAndSubjectMustBeRight() {
        refused(rs256(claims -> claims.issuer("https://other")));
        refused(rs256(claims -> claims.audience("other")));
        refused(rs256(claims -> claims.remove("aud")));
        refused(rs256(claims -> claims.remove("iss")));
        refused(rs256(claims -> claims.remove("sub")));
        refused(rs256(claims -> claims.remove("orgs")));
        refused(rs256(claims -> claims.claim("orgs", List.of("not-an-id"))));
    }

    @Test
    void severalAudiencesMayContainOurs() {
        assertThat(withKey(pem(RSA))
                        .verify(rs256(claims -> claims.audience(java.util.Set.of("other", "analytics"))))
                        .subject())
                .isEqualTo("ann");
    }

    @Test
    void withoutRolesTheCallerMayNothing() {
        Caller caller = withKey(pem(RSA))
                .verify(rs256(claims -> claims.claim("orgs", List.of()).remove("roles")));
        assertThat(caller.orgs()).isEmpty();
        assertThat(caller.grants()).isEmpty();
    }

    @Test
    void aSingleTextCountsAsOneValue() {
        Caller caller = withKey(pem(RSA))
                .verify(rs256(claims -> claims.claim("orgs", ORG.toString()).claim("roles", "engineer")));
        assertThat(caller.orgs()).containsExactly(ORG);
        assertThat(caller.grants()).containsExactly(Role.ENGINEER.grant());
    }

    @ParameterizedTest
    @CsvSource({
        "roles, orgs, roles, orgs",
        "realm_access.roles, organisations.ids, realm_access.roles, organisations.ids",
        "resource_access.my.client.roles, a.b.c.d, resource_access.my.client.roles, a.b.c.d",
        "https://example.com/roles, https://example.com/orgs, https://example.com/roles, https://example.com/orgs"
    })
    void claimsAreWhereTheSettingsSay(String roles, String orgs, String rolesClaim, String orgsClaim) throws Exception {
        String json = claimsJson()
                .replace(
                        "\"orgs\":[]",
                        nested(orgs, "[\"" + ORG + "\"]") + "," + nested(roles, "[\"engineer\",\"offline_access\"]"));
        Caller caller = withClaims(rolesClaim, orgsClaim).verify(rightlySigned("{\"alg\":\"RS256\"}", json));
        assertThat(caller.orgs()).containsExactly(ORG);
        assertThat(caller.grants()).containsExactly(Role.ENGINEER.grant());
    }

    /** A URL is a name of its own; the last dots of a path are objects, but {@code my.client} is one name. */
    private static String nested(String path, String value) {
        if (path.startsWith("https:") || path.indexOf('.') < 0) {
            return "\"" + path + "\":" + value;
        }
        int dot = path.startsWith("my.client.") ? "my.client".length() : path.indexOf('.');
        return "\"" + path.substring(0, dot) + "\":{" + nested(path.substring(dot + 1), value) + "}";
    }

    private static TokenAuthenticator withClaims(String roles, String orgs) {
        return new TokenAuthenticator(
                new Settings(
                        true,
                        Optional.of("https://issuer"),
                        Optional.of("analytics"),
                        Optional.of(pem(RSA)),
                        Optional.empty(),
                        roles,
                        orgs),
                Clock.systemUTC());
    }

    @Test
    void aMissingClaimIsNamed() {
        assertThatThrownBy(() -> withClaims("roles", "https://example.com/orgs").verify(rs256(claims -> claims)))
                .hasMessage("The token has no claim https://example.com/orgs (an empty array means none).");
        assertThatThrownBy(() -> withClaims("a.roles", "orgs")
                        .verify(rs256(claims -> claims.claim("a", Map.of("roles", List.of(7))))))
                .hasMessage("The claim a.roles of the token is not a string or an array of strings.");
        assertThat(withClaims("realm_access.roles", "orgs")
                        .verify(rs256(claims -> claims.claim("realm_access", "x")))
                        .missing())
                .isEqualTo("The token has no claim realm_access.roles.");
        assertThat(withClaims("roles", "orgs")
                        .verify(rs256(claims -> claims.claim("roles", List.of("other"))))
                        .missing())
                .isEqualTo("The claim roles of the token holds no role or permission of this service.");
    }

    @ParameterizedTest
    @ValueSource(longs = {-20, 20})
    void clocksMayDifferByThirtySeconds(long seconds) {
        Instant now = Instant.now();
        String token = seconds < 0
                ? rs256(claims -> claims.issuedAt(now.minusSeconds(100)).expiresAt(now.plusSeconds(seconds)))
                : rs256(claims -> claims.issuedAt(now.plusSeconds(seconds))
                        .claim("nbf", now.plusSeconds(seconds).getEpochSecond()));
        assertThat(withKey(pem(RSA)).verify(token).subject()).isEqualTo("ann");
    }

    @Test
    void beyondThatTokensAreExpiredOrNotYetValid() throws Exception {
        Instant now = Instant.now();
        refused(rs256(claims -> claims.issuedAt(now.minusSeconds(100)).expiresAt(now.minusSeconds(35))));
        refused(rs256(claims -> claims.claim("nbf", now.plusSeconds(40).getEpochSecond())));
        // The builder adds an expiry by itself.
        JsonWebSignature eternal = new JsonWebSignature();
        eternal.setAlgorithmHeaderValue("RS256");
        eternal.setKey(RSA.getPrivate());
        eternal.setPayload("{\"iss\":\"https://issuer\",\"aud\":\"analytics\",\"sub\":\"ann\",\"iat\":"
                + now.getEpochSecond() + "}");
        refused(eternal.getCompactSerialization());
    }

    @Test
    void keysThatCanNotBeReadNameTheSettingOnly() {
        for (String key :
                List.of("/no/such/file", "-----BEGIN PUBLIC KEY-----\nsecret\n-----END PUBLIC KEY-----", "secret\0")) {
            assertThatThrownBy(() -> withKey(key))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("JWT_PUBLIC_KEY")
                    .hasMessageContaining("expected")
                    .message()
                    .doesNotContain("secret");
        }
    }

    @Test
    void missingSettingsAreNamed() {
        assertThatThrownBy(() -> new TokenAuthenticator(
                        new Settings(true, Optional.empty(), Optional.of("a"), Optional.of(pem(RSA)), Optional.empty()),
                        Clock.systemUTC()))
                .hasMessageContaining("JWT_ISSUER");
        assertThatThrownBy(() -> new TokenAuthenticator(
                        new Settings(true, Optional.of("i"), Optional.empty(), Optional.of(pem(RSA)), Optional.empty()),
                        Clock.systemUTC()))
                .hasMessageContaining("JWT_AUDIENCE");
        assertThatThrownBy(() -> new TokenAuthenticator(
                        new Settings(true, Optional.of("i"), Optional.of("a"), Optional.empty(), Optional.empty()),
                        Clock.systemUTC()))
                .hasMessageContaining("JWT_PUBLIC_KEY");
    }
}
