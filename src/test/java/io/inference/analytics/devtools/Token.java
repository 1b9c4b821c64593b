package io.inference.analytics.devtools;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code local-dev/token}: prints one signed token (JWT, RS256) for the local service. The script names the issuer, the audience and
 * the file of the private key in the environment. Only the JDK signs here: a library for tokens would double the time to start.
 */
@Command(name = "local-dev/token")
final class Token implements Callable<Integer> {

    /** Names the file with the private key, as PEM (PKCS #8). */
    static final String PRIVATE_KEY_FILE = "JWT_PRIVATE_KEY_FILE";

    private static final Pattern UUID_FORM = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    private static final Pattern ROLE_FORM = Pattern.compile("[A-Za-z0-9:*._-]+");
    private static final Pattern NAME_FORM = Pattern.compile("(?s).+");
    private static final Pattern TIME_FORM = Pattern.compile("([0-9]{1,9})([smhd]?)");
    /** A bare number counts seconds. */
    private static final Map<String, Integer> SECONDS = Map.of("", 1, "s", 1, "m", 60, "h", 3600, "d", 86_400);

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private final Clock clock;
    private final Map<String, String> environment;

    @Spec
    private CommandSpec spec;

    @Option(names = "--org", paramLabel = "UUID")
    private List<String> orgs = List.of();

    @Option(names = "--role", paramLabel = "ROLE")
    private List<String> roles = List.of();

    @Option(names = "--sub", paramLabel = "NAME", defaultValue = "local-developer")
    private String subject;

    @Option(names = "--ttl", paramLabel = "TIME", defaultValue = "1h")
    private String lifetime;

    Token(Clock clock, Map<String, String> environment) {
        this.clock = clock;
        this.environment = environment;
    }

    public static void main(String[] args) {
        System.exit(DevTool.commandLine(new Token(Clock.systemUTC(), System.getenv()))
                .execute(args));
    }

    @Override
    public Integer call() {
        orgs.forEach(org -> checked("--org", org, UUID_FORM, "a UUID"));
        roles.forEach(role -> checked("--role", role, ROLE_FORM, "a role or a permission, such as engineer"));
        checked("--sub", subject, NAME_FORM, "a name");
        Matcher time = checked("--ttl", lifetime, TIME_FORM, "30s, 15m, 1h or 7d");
        Duration ttl = Duration.ofSeconds(Long.parseLong(time.group(1)) * SECONDS.get(time.group(2)));
        try {
            String token = signed(environment, claims(environment, clock.instant(), orgs, roles, subject, ttl));
            spec.commandLine().getOut().println(token);
            return CommandLine.ExitCode.OK;
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            return DevTool.fail(
                    spec.commandLine(),
                    "the key in " + environment.get(PRIVATE_KEY_FILE) + " cannot be used: " + e.getMessage());
        }
    }

    private Matcher checked(String option, String value, Pattern form, String expected) {
        Matcher matcher = form.matcher(value);
        if (!matcher.matches()) {
            throw new ParameterException(
                    spec.commandLine(), "%s: %s (expected: %s)".formatted(option, value, expected));
        }
        return matcher;
    }

    /** A token as {@link #call} prints it, for the programs of this room. */
    static String of(Map<String, String> environment, Clock clock, List<String> orgs, String role, Duration lifetime) {
        try {
            return signed(
                    environment,
                    claims(environment, clock.instant(), orgs, List.of(role), "local-developer", lifetime));
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("no token: " + e.getMessage(), e);
        }
    }

    private static ObjectNode claims(
            Map<String, String> environment,
            Instant now,
            List<String> orgs,
            List<String> roles,
            String subject,
            Duration lifetime) {
        ObjectNode claims = JSON.createObjectNode()
                .put("iss", environment.get("JWT_ISSUER"))
                .put("aud", environment.get("JWT_AUDIENCE"))
                .put("sub", subject);
        orgs.forEach(claims.putArray("orgs")::add);
        roles.forEach(claims.putArray("roles")::add);
        return claims.put("iat", now.getEpochSecond())
                .put("exp", now.plus(lifetime).getEpochSecond())
                .put("jti", UUID.randomUUID().toString());
    }

    private static String signed(Map<String, String> environment, ObjectNode claims)
            throws IOException, GeneralSecurityException {
        String text = encoded("{\"alg\":\"RS256\",\"typ\":\"JWT\"}") + "." + encoded(claims.toString());
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(privateKey(Path.of(environment.get(PRIVATE_KEY_FILE))));
        signature.update(text.getBytes(StandardCharsets.US_ASCII));
        return text + "." + BASE64.encodeToString(signature.sign());
    }

    private static String encoded(String json) {
        return BASE64.encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }

    private static PrivateKey privateKey(Path pem) throws IOException, GeneralSecurityException {
        String base64 = Files.readString(pem).replaceAll("-----[A-Z ]+-----", "");
        byte[] der = Base64.getMimeDecoder().decode(base64);
        return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
    }
}
