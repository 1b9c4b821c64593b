package io.inference.analytics.provider;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The API of an organisation at a provider, read page by page. A list or a report is read whole or
 * not at all: anything but a page marked as the last ends it with a {@link ProviderTrouble}.
 */
final class PagedApi {

    private final ProviderHttp http;
    private final String base;
    private final Map<String, String> headers;
    private final int pagesMax;

    /**
     * @param base what all paths begin with, such as {@code https://api.example.com/v1/organization}
     * @param headers of each request, with the credential
     * @param pagesMax more than any organisation has, so that a server that never ends is found
     */
    PagedApi(ProviderHttp http, String base, Map<String, String> headers, int pagesMax) {
        this.http = http;
        this.base = base;
        this.headers = headers;
        this.pagesMax = pagesMax;
    }

    /** Reads one page of a report. */
    interface PageReader {
        void read(JsonNode page) throws ProviderTrouble;
    }

    JsonNode get(String path, String query) throws ProviderTrouble, InterruptedException {
        return http.get(URI.create(base + "/" + path + (query.isEmpty() ? "" : "?" + query)), headers);
    }

    /** Reads the pages of a report; each but the last names the next by a token. */
    void report(String path, String query, PageReader reader) throws ProviderTrouble, InterruptedException {
        pages(path, query, "page", "next_page", page -> {
            reader.read(page);
            if (!page.path("has_more").isBoolean()) {
                throw ProviderTrouble.passing("broken_paging", path + ": no has_more");
            }
        });
    }

    /**
     * The entries of a list, those without an id left out. Each page continues after the last entry
     * of the one before.
     *
     * @param after the parameter that names that entry
     */
    List<JsonNode> list(String path, String query, String after) throws ProviderTrouble, InterruptedException {
        List<JsonNode> all = new ArrayList<>();
        pages(path, query, after, "last_id", page -> {
            for (JsonNode item : JsonFields.list(page, "data")) {
                if (JsonFields.text(item, "id") != null) {
                    all.add(item);
                }
            }
        });
        return all;
    }

    private void pages(String path, String query, String parameter, String field, PageReader reader)
            throws ProviderTrouble, InterruptedException {
        Set<String> seen = new HashSet<>();
        String next = "";
        do {
            JsonNode page = get(path, query + next);
            reader.read(page);
            if (!page.path("has_more").asBoolean(false)) {
                return;
            }
            String token = JsonFields.text(page, field);
            if (token == null || !seen.add(token)) {
                throw ProviderTrouble.passing(
                        "broken_paging", path + (token == null ? ": more pages, but no " + field : ": a page twice"));
            }
            next = "&" + parameter + "=" + URLEncoder.encode(token, StandardCharsets.UTF_8);
        } while (seen.size() < pagesMax);
        throw ProviderTrouble.lasting("broken_paging", path + ": more than " + pagesMax + " pages");
    }
}
