package io.inference.analytics.observability;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The log of the packaged service, one JSON object per line. */
final class JsonLog {

    private static final ObjectMapper JSON = new ObjectMapper();

    private JsonLog() {}

    static List<JsonNode> lines(String log) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : log.split("\n", -1)) {
            if (!line.isEmpty()) {
                lines.add(JSON.readTree(line));
            }
        }
        return lines;
    }

    /** The one line of an event whose message has the text. */
    static JsonNode only(List<JsonNode> lines, String event, String part) {
        List<JsonNode> found = lines.stream()
                .filter(line -> line.path("message").asText().startsWith(event)
                        && line.path("message").asText().contains(part))
                .toList();
        assertThat(found).as(event + part).hasSize(1);
        return found.get(0);
    }
}
