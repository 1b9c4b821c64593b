package io.inference.analytics.export;

import io.inference.analytics.export.RandomMonth.Charge;
import io.inference.analytics.export.RandomMonth.Usage;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;

/**
 * What the rules of docs/provider-costs.md make of a {@link RandomMonth}: each share of a bill with its platform, user, team and owner.
 * Nothing of it is the product's code or SQL.
 */
final class ExpectedBills {

    private static final int SHARE_DIGITS = 8;
    private static final MathContext EXACT_ENOUGH = new MathContext(60, RoundingMode.DOWN);

    /** Entries of people, each valid from a day on. */
    record Entry(String subject, String account, LocalDate from, String platform, String user, String team, UUID org) {

        boolean covers(String id, String ofAccount, LocalDate day) {
            return subject.equals(id) && (account == null || account.equals(ofAccount)) && !from.isAfter(day);
        }
    }

    /** A part of a bill; null where there is nothing to say. */
    record Share(
            String account,
            LocalDate day,
            String workspace,
            String key,
            String model,
            String tokenType,
            String tier,
            String window,
            String platform,
            String user,
            String team,
            UUID owner,
            BigDecimal usd) {}

    private final RandomMonth month;
    private final Map<String, String> teams;
    private final List<Entry> entries = new ArrayList<>();

    /** @param teams of people, by address */
    ExpectedBills(RandomMonth month, Map<String, String> teams) {
        this.month = month;
        this.teams = teams;
    }

    ExpectedBills with(Entry entry) {
        entries.add(entry);
        return this;
    }

    List<Share> shares(List<Charge> charges) {
        List<Share> shares = new ArrayList<>();
        for (Charge charge : charges) {
            switch (charge.account()) {
                case RandomMonth.CURSOR -> cursor(charge).ifPresent(shares::add);
                case RandomMonth.OPENAI -> shares.add(openai(charge));
                default -> shares.addAll(anthropic(charge));
            }
        }
        return shares;
    }

    static Map<String, BigDecimal> sums(List<Share> shares, Function<Share, String> group) {
        Map<String, BigDecimal> sums = new TreeMap<>();
        shares.forEach(share -> sums.merge(group.apply(share), share.usd(), BigDecimal::add));
        return plain(sums);
    }

    /** Equal amounts become equal texts, and groups that cost nothing are left out. */
    static Map<String, BigDecimal> plain(Map<String, BigDecimal> sums) {
        Map<String, BigDecimal> plain = new TreeMap<>();
        sums.forEach((group, usd) -> {
            if (usd.signum() != 0) {
                plain.put(group, usd.stripTrailingZeros());
            }
        });
        return plain;
    }

    private Optional<Entry> entry(String id, String account, LocalDate day, Function<Entry, Object> says) {
        return id == null
                ? Optional.empty()
                : entries.stream()
                        .filter(entry -> entry.covers(id, account, day) && says.apply(entry) != null)
                        .max(Comparator.comparing(Entry::from));
    }

    private String team(String user) {
        return user == null ? null : teams.get(user);
    }

    private Optional<Share> cursor(Charge charge) {
        if (!charge.type().toLowerCase(Locale.ROOT).replace('_', '-').contains("usage-based")) {
            return Optional.empty();
        }
        String user = charge.text();
        return Optional.of(new Share(
                charge.account(),
                charge.day(),
                null,
                null,
                charge.model(),
                null,
                null,
                null,
                "cursor",
                user,
                team(user),
                null,
                charge.usd()));
    }

    private Share openai(Charge charge) {
        String kind = null;
        if (charge.model() != null) {
            String text = charge.text();
            boolean audio = text.contains(" audio");
            kind = (audio ? "audio " : "")
                    + (text.contains("cached") ? "cache_read" : text.contains("output") ? "output" : "input");
        }
        String user = charge.key() != null && charge.key().equals(month.key(RandomMonth.OPENAI, 0))
                ? month.users.get(0)
                : null;
        return owned(charge, charge.key(), kind, "openai_api", user, charge.usd());
    }

    private List<Share> anthropic(Charge charge) {
        String kind = charge.kind() == null
                ? null
                : switch (charge.kind()) {
                    case "uncached_input_tokens" -> "input";
                    case "output_tokens" -> "output";
                    case "cache_read_input_tokens" -> "cache_read";
                    case "cache_creation.ephemeral_5m_input_tokens", "cache_creation.ephemeral_1h_input_tokens" ->
                        "cache_write";
                    default -> charge.kind();
                };
        Map<String, Long> tokens = tokensByKey(charge);
        if (tokens.isEmpty()) {
            return List.of(owned(charge, null, kind, platform(charge, null), null, charge.usd()));
        }
        BigDecimal all = BigDecimal.valueOf(
                tokens.values().stream().mapToLong(Long::longValue).sum());
        Map<String, BigDecimal> parts = new TreeMap<>();
        tokens.forEach((key, count) -> parts.put(
                key,
                charge.usd()
                        .multiply(BigDecimal.valueOf(count))
                        .divide(all, EXACT_ENOUGH)
                        .setScale(SHARE_DIGITS, RoundingMode.DOWN)));
        BigDecimal left = charge.usd().subtract(parts.values().stream().reduce(BigDecimal.ZERO, BigDecimal::add));
        String largest = tokens.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .orElseThrow()
                .getKey();
        parts.merge(largest, left, BigDecimal::add);
        List<Share> shares = new ArrayList<>();
        parts.forEach((named, usd) -> {
            String key = named.isEmpty() ? null : named;
            shares.add(owned(charge, key, kind, platform(charge, key), maker(charge.account(), key), usd));
        });
        return shares;
    }

    /** Tokens that the charge can be for; the key that is none is the empty text. */
    private Map<String, Long> tokensByKey(Charge charge) {
        Map<String, Long> tokens = new TreeMap<>();
        int kind = charge.kind() == null ? -1 : RandomMonth.KINDS.indexOf(charge.kind());
        for (Usage used : month.usage) {
            if (kind >= 0
                    && used.tokens().get(kind) > 0
                    && used.account().equals(charge.account())
                    && List.of(used.day(), used.model(), used.tier(), used.window())
                            .equals(List.of(charge.day(), charge.model(), charge.tier(), charge.window()))
                    && Objects.equals(used.workspace(), charge.workspace())) {
                tokens.merge(
                        Optional.ofNullable(used.key()).orElse(""),
                        used.tokens().get(kind),
                        Long::sum);
            }
        }
        return tokens;
    }

    private String platform(Charge charge, String key) {
        return platform(charge.account(), charge.day(), charge.workspace(), key);
    }

    String platform(Usage used) {
        return used.account().equals(RandomMonth.OPENAI)
                ? "openai_api"
                : platform(used.account(), used.day(), used.workspace(), used.key());
    }

    /** The first of the rules that matches: workspace, key, the default workspace's own, and the default. */
    private String platform(String account, LocalDate day, String workspace, String key) {
        String place = Optional.ofNullable(workspace).orElse("(default)");
        Optional<String> ofPlace = entry(place, account, day, Entry::platform).map(Entry::platform);
        Optional<String> ofKey = entry(key, account, day, Entry::platform).map(Entry::platform);
        boolean isDefault = workspace == null;
        return (isDefault ? ofKey.or(() -> ofPlace) : ofPlace.or(() -> ofKey))
                .orElse(key != null || isDefault ? "claude_api" : "unknown");
    }

    /** The last key of an account was made by an unknown user. */
    private String maker(String account, String key) {
        for (int i = 0; i < month.users.size(); i++) {
            if (month.key(account, i).equals(key)) {
                return month.users.get(i);
            }
        }
        return null;
    }

    private Share owned(Charge charge, String key, String kind, String platform, String maker, BigDecimal usd) {
        Optional<Entry> mapped = entry(key, charge.account(), charge.day(), Entry::user);
        String user = mapped.map(Entry::user).orElse(maker);
        boolean isOpenAi = charge.account().equals(RandomMonth.OPENAI);
        String place = Optional.ofNullable(charge.workspace()).orElse(isOpenAi ? "none" : "(default)");
        UUID owner = entry(key, charge.account(), charge.day(), Entry::org)
                .or(() -> entry(place, charge.account(), charge.day(), Entry::org))
                .map(Entry::org)
                .orElse(null);
        return new Share(
                charge.account(),
                charge.day(),
                charge.workspace(),
                key,
                charge.model(),
                kind,
                charge.tier(),
                charge.window(),
                platform,
                user,
                mapped.map(Entry::team).orElseGet(() -> team(user)),
                owner,
                usd);
    }
}
