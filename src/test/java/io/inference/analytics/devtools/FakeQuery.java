package io.inference.analytics.devtools;

import io.inference.analytics.devtools.FakeServer.Refused;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The query of a request to Anthropic's API, as strictly read as there. */
record FakeQuery(Map<String, List<String>> parameters) {

    private static final String PAGE = "page_";

    static FakeQuery of(String query) {
        Map<String, List<String>> parameters = new LinkedHashMap<>();
        for (String pair : query.isEmpty() ? new String[0] : query.split("&")) {
            String[] parts = pair.split("=", 2);
            parameters
                    .computeIfAbsent(decoded(parts[0]), any -> new ArrayList<>())
                    .add(decoded(parts.length > 1 ? parts[1] : ""));
        }
        return new FakeQuery(parameters);
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    List<String> all(String name) {
        return parameters.getOrDefault(name, List.of());
    }

    boolean has(String name) {
        return parameters.containsKey(name);
    }

    /** The first value; empty where it is missing or an empty text. */
    Optional<String> one(String name) {
        return all(name).stream().findFirst().filter(value -> !value.isEmpty());
    }

    int limit(int byDefault, int max) throws Refused {
        String text = one("limit").orElse(Integer.toString(byDefault));
        if (!text.matches("[0-9]{1,6}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > max) {
            throw new Refused(400, "limit: Input should be between 1 and " + max);
        }
        return Integer.parseInt(text);
    }

    Optional<LocalDate> day(String name) throws Refused {
        try {
            return one(name).map(OffsetDateTime::parse).map(time -> time.withOffsetSameInstant(ZoneOffset.UTC)
                    .toLocalDate());
        } catch (DateTimeException e) {
            throw new Refused(400, name + ": no RFC 3339 time");
        }
    }

    /** Where the page begins. Tokens hold for the query that they were given for, and mean nothing to a reader. */
    int offset() throws Refused {
        Optional<String> token = one("page");
        if (token.isEmpty()) {
            return 0;
        }
        try {
            byte[] text = Base64.getUrlDecoder().decode(token.get().substring(PAGE.length()));
            String[] parts = new String(text, StandardCharsets.UTF_8).split("\\|", 2);
            if (parts[1].equals(hash())) {
                return Integer.parseInt(parts[0]);
            }
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new Refused(400, "page: invalid token");
        }
        throw new Refused(400, "page: token of another query");
    }

    String token(int offset) {
        byte[] text = (offset + "|" + hash()).getBytes(StandardCharsets.UTF_8);
        return PAGE + Base64.getUrlEncoder().encodeToString(text);
    }

    private String hash() {
        Map<String, List<String>> rest = new TreeMap<>(parameters);
        rest.remove("page");
        return Integer.toHexString(rest.hashCode());
    }
}
