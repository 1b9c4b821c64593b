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
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

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
    private static final Pattern TIME_FORM = Pattern.compile("([0-9]{1,9})([smhd]?)");

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

    @Option(names = "--ttl", paramLabel = "TIME", defaultValue = "1h", converter = Time.class)
    private Duration lifetime;

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
        check("--org", orgs, UUID_FORM, "a UUID");
        check("--role", roles, ROLE_FORM, "a role such as engineer, or a permission such as analytics:usage:read");
        if (subject.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--sub: empty (expected: a name)");
        }
        try {
            String token = signed(environment, claims(environment, clock.instant(), orgs, roles, subject, lifetime));
            spec.commandLine().getOut().println(token);
            return CommandLine.ExitCode.OK;
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            return DevTool.fail(
                    spec.commandLine(),
                    "the key in " + environment.get(PRIVATE_KEY_FILE) + " cannot be used: " + e.getMessage());
        }
    }

    private void check(String option, List<String> values, Pattern form, String expected) {
        for (String value : values) {
            if (!form.matcher(value).matches()) {
                throw new ParameterException(
                        spec.commandLine(), "%s: %s (expected: %s)".formatted(option, value, expected));
            }
        }
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

    /** A number with s, m, h or d; a bare number counts seconds. */
    private static final class Time implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            Matcher time = TIME_FORM.matcher(text);
            if (!time.matches()) {
                throw new TypeConversionException(text + " (expected: 30s, 15m, 1h or 7d)");
            }
            long number = Long.parseLong(time.group(1));
            return switch (time.group(2)) {
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                case "d" -> Duration.ofDays(number);
                default -> Duration.ofSeconds(number);
            };
        }
    }
}
