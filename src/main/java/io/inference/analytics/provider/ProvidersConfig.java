package io.inference.analytics.provider;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** The providers' APIs and the daily import. */
@ConfigMapping(prefix = "analytics.providers")
public interface ProvidersConfig {

    /** Whether this process imports by schedule; the command line switches it off. */
    @WithDefault("true")
    boolean enabled();

    /** Address of Anthropic's API (ANTHROPIC_API_URL). */
    String anthropicUrl();

    /** Anthropic's admin key (ANTHROPIC_ADMIN_API_KEY). */
    Optional<String> anthropicKey();

    /** File with the admin key (ANTHROPIC_ADMIN_API_KEY_FILE). */
    Optional<String> anthropicKeyFile();

    /** Organisation that the admin key must belong to (ANTHROPIC_ORGANIZATION_ID). */
    Optional<String> anthropicOrganization();

    /** Address of Cursor's API (CURSOR_API_URL). */
    String cursorUrl();

    /** Cursor's key (CURSOR_API_KEY). */
    Optional<String> cursorKey();

    /** File with Cursor's key (CURSOR_API_KEY_FILE). */
    Optional<String> cursorKeyFile();

    /**
     * Name of the team of Cursor's key: letters, digits, - and _. Needed once a second team is
     * imported into one database, because Cursor's API does not name the team. Empty: team.
     */
    Optional<String> cursorTeam();

    /** Address of OpenAI's API (OPENAI_API_URL). */
    String openaiUrl();

    /** OpenAI's admin key (OPENAI_ADMIN_API_KEY). */
    Optional<String> openaiKey();

    /** File with OpenAI's admin key (OPENAI_ADMIN_API_KEY_FILE). */
    Optional<String> openaiKeyFile();

    /**
     * Name of the organisation of OpenAI's key. Needed once a second one is imported into one
     * database, because OpenAI's reports do not name it. Empty: openai.
     */
    Optional<String> openaiOrganization();

    /** Days per page of OpenAI's reports, 1 to 31. */
    @WithDefault("31")
    int openaiPageDays();

    /** Longest wait for an answer of OpenAI. */
    @WithDefault("60s")
    Duration openaiTimeout();

    /** First pause after a failed request to OpenAI, unless the answer names one; doubles. */
    @WithDefault("2s")
    Duration openaiPause();

    /** Tries of one request to OpenAI. */
    @WithDefault("4")
    int openaiTries();

    /** Buckets per page of Anthropic's reports, 1 to 31. */
    @WithDefault("31")
    int anthropicPageDays();

    /** Records per page of lists and of the Claude Code report, 1 to 1000. */
    @WithDefault("1000")
    int anthropicPageRecords();

    /** Longest wait for an answer of Anthropic. */
    @WithDefault("60s")
    Duration anthropicTimeout();

    /** First pause after Anthropic's status 429, unless the answer names one; doubles. */
    @WithDefault("5s")
    Duration anthropicRateLimitPause();

    /** First pause after a fault of Anthropic's server; doubles. */
    @WithDefault("2s")
    Duration anthropicFaultPause();

    /** Tries of one request to Anthropic. */
    @WithDefault("4")
    int anthropicTries();

    /** Records per page of Cursor's reports. */
    @WithDefault("500")
    int cursorPageRecords();

    /** Longest wait for an answer of Cursor. */
    @WithDefault("30s")
    Duration cursorTimeout();

    /** First pause after a failed request to Cursor, unless the answer names one; doubles. */
    @WithDefault("1s")
    Duration cursorPause();

    /** Tries of one request to Cursor. */
    @WithDefault("5")
    int cursorTries();

    /** Requests to Cursor in any 60 seconds. */
    @WithDefault("20")
    int cursorRequestsPerMinute();

    /** Longest time of one request with all its pauses. */
    @WithDefault("300s")
    Duration requestBudget();

    /**
     * Rows that one call may have in all its pages. They take about 2 KB of memory each: a higher
     * limit needs a larger heap (-Xmx). If a call of several days has more, each day is read alone; a
     * day that has more is not stored.
     */
    @WithDefault("40000")
    int callRows();

    /** Pause between two calls of a backfill. */
    @WithDefault("1s")
    Duration backfillPause();

    /** Local time of the daily import, in its zone. */
    @WithDefault("06:00")
    LocalTime dailyAt();

    /** Zone of the daily import, daylight saving included. */
    @WithDefault("America/Los_Angeles")
    ZoneId dailyZone();

    /**
     * How often a replica checks whether the daily import or a retry is due, and refreshes the
     * metrics.
     */
    @WithDefault("1m")
    Duration lookInterval();

    /**
     * A row of a bill above this many dollars raises a warning: cents taken for dollars look like
     * that.
     */
    @WithDefault("100")
    BigDecimal rowWarnUsd();

    /** A row of a bill above this many dollars puts its day into quarantine. */
    @WithDefault("1000")
    BigDecimal rowMaxUsd();

    /** A day above this many dollars goes into quarantine until a person releases it. */
    @WithDefault("1000")
    BigDecimal dayMaxUsd();

    /**
     * Whether the name of an unmapped key may say which platform it is for ({@code code}, {@code
     * web} or {@code api} in it). Empty: as last set, at first not. A change recomputes all derived
     * days with the next import.
     */
    Optional<Boolean> keyNames();

    /**
     * Domains of the company's addresses, such as {@code example.com,example.org}: others are
     * listed as foreign. Empty: no address is foreign.
     */
    Optional<List<String>> emailDomains();

    /**
     * Month in which the fiscal year of dim_date begins, 1 to 12. Empty: as last set, at first 1.
     * Applies from the next import on.
     */
    OptionalInt fiscalYearStart();

    /** How long the archived pages are kept. */
    @WithDefault("90d")
    Duration rawPages();
}
