package io.inference.analytics.docs;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Compares the fields of an answer that a page shows, which may leave some out, with those of a real one. Figures may differ. */
final class AnswerShape {

    private final List<String> differences = new ArrayList<>();

    private AnswerShape() {}

    /** What the page shows and the answer has not, by its path; empty when the page is right. */
    static List<String> differences(JsonNode shown, JsonNode answer) {
        AnswerShape shape = new AnswerShape();
        shape.compare("", shown, answer);
        return shape.differences;
    }

    private void compare(String path, JsonNode shown, JsonNode answer) {
        if (shown.getNodeType() != answer.getNodeType()) {
            differences.add(path + ": " + answer.getNodeType() + " (expected: " + shown.getNodeType() + ")");
        } else if (shown.isArray()) {
            for (int i = 0; i < shown.size(); i++) {
                compare(path + "[" + i + "]", shown.get(i), answer.path(i));
            }
        } else {
            shown.properties()
                    .forEach(field ->
                            compare(path + "." + field.getKey(), field.getValue(), answer.path(field.getKey())));
        }
    }
}
