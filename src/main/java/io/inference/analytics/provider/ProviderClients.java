package io.inference.analytics.provider;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Secret;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * The clients whose keys are set. Keys are read again for each use, so that a rotated one needs no
 * restart. They are stripped of blanks, and never written anywhere.
 */
@ApplicationScoped
public class ProviderClients {

    private static final Logger LOG = Logger.getLogger(ProviderClients.class);

    private final ProvidersConfig config;
    private final MeterRegistry registry;
    private final Clock clock;
    private final Map<Provider, Keyed> clients = new EnumMap<>(Provider.class);

    private record Keyed(String key, ProviderClient client) {}

    public ProviderClients(ProvidersConfig config, MeterRegistry registry, Clock clock) {
        this.config = config;
        this.registry = registry;
        this.clock = clock;
    }

    /** Providers with a key. */
    public List<Provider> configured() {
        List<Provider> configured = new ArrayList<>();
        if (config.anthropicKey().isPresent() || config.anthropicKeyFile().isPresent()) {
            configured.add(Provider.ANTHROPIC);
        }
        if (config.cursorKey().isPresent() || config.cursorKeyFile().isPresent()) {
            configured.add(Provider.CURSOR);
        }
        if (config.openaiKey().isPresent() || config.openaiKeyFile().isPresent()) {
            configured.add(Provider.OPENAI);
        }
        return configured;
    }

    /**
     * The provider's client.
     *
     * @throws Failure.Unavailable when its key is not set or cannot be read
     * @throws Failure.Invalid when the provider has no API
     */
    public synchronized ProviderClient of(Provider provider) {
        String key = key(provider);
        Keyed keyed = clients.get(provider);
        if (keyed == null || !keyed.key().equals(key)) {
            keyed = new Keyed(key, make(provider, key));
            clients.put(provider, keyed);
        }
        return keyed.client();
    }

    private String key(Provider provider) {
        return switch (provider) {
            case ANTHROPIC -> key("ANTHROPIC_ADMIN_API_KEY", config.anthropicKey(), config.anthropicKeyFile());
            case CURSOR -> key("CURSOR_API_KEY", config.cursorKey(), config.cursorKeyFile());
            case OPENAI -> key("OPENAI_ADMIN_API_KEY", config.openaiKey(), config.openaiKeyFile());
            case CLAUDE_AI ->
                throw new Failure.Invalid(
                        "provider", "provider: claude_ai has no API (expected: " + Provider.API_NAMES + ")");
        };
    }

    private ProviderClient make(Provider provider, String key) {
        return switch (provider) {
            case ANTHROPIC ->
                new AnthropicClient(
                        new ProviderHttp(
                                new ProviderHttp.Rules(
                                        provider,
                                        "ANTHROPIC_ADMIN_API_KEY",
                                        "an Admin API key, sk-ant-admin…, made by an organisation admin",
                                        config.anthropicTries(),
                                        config.anthropicTimeout(),
                                        config.anthropicRateLimitPause(),
                                        config.anthropicFaultPause(),
                                        config.requestBudget(),
                                        0,
                                        config.callRows()),
                                registry,
                                clock),
                        config.anthropicUrl(),
                        key,
                        config.anthropicOrganization().map(String::strip).filter(id -> !id.isEmpty()),
                        config.anthropicPageDays(),
                        config.anthropicPageRecords());
            case CURSOR ->
                new CursorClient(
                        new ProviderHttp(
                                new ProviderHttp.Rules(
                                        provider,
                                        "CURSOR_API_KEY",
                                        "a key of a team admin on a Team or Enterprise plan",
                                        config.cursorTries(),
                                        config.cursorTimeout(),
                                        config.cursorPause(),
                                        config.cursorPause(),
                                        config.requestBudget(),
                                        config.cursorRequestsPerMinute(),
                                        config.callRows()),
                                registry,
                                clock),
                        config.cursorUrl(),
                        key,
                        cursorTeam(config).orElse(CursorClient.TEAM),
                        config.cursorPageRecords());
            case OPENAI ->
                new OpenAiClient(
                        new ProviderHttp(
                                new ProviderHttp.Rules(
                                        provider,
                                        "OPENAI_ADMIN_API_KEY",
                                        "an admin key, sk-admin-…, made by an organisation owner",
                                        config.openaiTries(),
                                        config.openaiTimeout(),
                                        config.openaiPause(),
                                        config.openaiPause(),
                                        config.requestBudget(),
                                        0,
                                        config.callRows()),
                                registry,
                                clock),
                        config.openaiUrl(),
                        key,
                        config.openaiOrganization()
                                .map(name -> name.strip().toLowerCase(Locale.ROOT))
                                .filter(name -> !name.isEmpty())
                                .orElse(OpenAiClient.ORGANIZATION),
                        config.openaiPageDays());
            case CLAUDE_AI -> throw new IllegalArgumentException(provider + " (expected: a provider with an API)");
        };
    }

    /**
     * The team that the settings name, in lower case.
     *
     * @throws Failure.Invalid when the name is malformed
     */
    public static Optional<String> cursorTeam(ProvidersConfig config) {
        Optional<String> team = config.cursorTeam().map(name -> name.strip().toLowerCase(Locale.ROOT));
        if (team.filter(name -> !name.matches("[a-z0-9_-]{0,100}")).isPresent()) {
            throw new Failure.Invalid(
                    "analytics.providers.cursor-team",
                    "analytics.providers.cursor-team: %s (expected: letters, digits, - and _)".formatted(team.get()));
        }
        return team.filter(name -> !name.isEmpty());
    }

    private static String key(String setting, Optional<String> value, Optional<String> file) {
        Optional<String> key;
        try {
            key = Secret.of(setting, value, file);
        } catch (IllegalArgumentException e) {
            throw new Failure.Unavailable(e.getMessage(), Duration.ZERO, null);
        }
        String found = key.orElseThrow(() -> new Failure.Unavailable(
                setting + " is not set (expected: a key, or " + setting + "_FILE with the path of one)",
                Duration.ZERO,
                null));
        if (!found.matches("[!-~]{1,500}")) {
            throw new Failure.Unavailable(setting + " is malformed (expected: one word)", Duration.ZERO, null);
        }
        return found;
    }

    /**
     * A refused key would fail every day in the same way, so it is reported once, before the first.
     */
    public static void verify(ProviderClient client) throws InterruptedException {
        try {
            client.check();
        } catch (ProviderTrouble e) {
            if (List.of("authentication_error", "permission_error", "wrong_organization")
                    .contains(e.code())) {
                throw new Failure.Unavailable(e.getMessage(), Duration.ZERO, null);
            }
            LOG.warnf(
                    "event=provider_check_failed provider=%s code=%s cause=\"%s\"",
                    client.provider().wireName(), e.code(), e.getMessage());
        }
    }

    /** The organisation of the client's key. */
    public static String org(ProviderClient client) throws InterruptedException {
        try {
            return client.orgRef();
        } catch (ProviderTrouble e) {
            throw new Failure.Unavailable(
                    "the organisation of the key is unknown: " + e.getMessage(), Duration.ZERO, null);
        }
    }
}
