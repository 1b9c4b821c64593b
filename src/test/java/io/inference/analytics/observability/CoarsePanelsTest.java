package io.inference.analytics.observability;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A panel that turns days into weeks has several rows with one name. Grafana's matrix shows the last of them, so the rows have to be added
 * up before.
 */
class CoarsePanelsTest {

    private record Panel(String name, List<JsonNode> transformations) {}

    private static List<Panel> coarse() throws IOException {
        List<Panel> panels = new ArrayList<>();
        for (Path file : Promql.dashboards()) {
            for (JsonNode panel : Promql.panels(Promql.json(file))) {
                List<JsonNode> transformations = new ArrayList<>();
                panel.path("transformations").forEach(transformations::add);
                if (transformations.stream().anyMatch(CoarsePanelsTest::coarsens)) {
                    panels.add(new Panel(
                            file.getFileName() + ": " + panel.path("title").asText(), transformations));
                }
            }
        }
        return panels;
    }

    /** A format of times without the day of the month or of the year. */
    private static boolean coarsens(JsonNode transformation) {
        String format = transformation.at("/options/outputFormat").asText();
        return transformation.path("id").asText().equals("formatTime") && !format.matches(".*(D|L|x|X|E|e).*");
    }

    @Test
    void rowsOfAWeekAreAddedUp() throws IOException {
        List<Panel> panels = coarse();
        assertThat(panels).as("panels by week").hasSizeGreaterThanOrEqualTo(2);
        for (Panel panel : panels) {
            List<JsonNode> steps = panel.transformations();
            int coarse = 0;
            while (!coarsens(steps.get(coarse))) {
                coarse++;
            }
            JsonNode sum = steps.get(coarse + 1);
            assertThat(sum.path("id").asText()).as(panel.name()).isEqualTo("groupBy");
            String time = steps.get(coarse).at("/options/timeField").asText();
            assertThat(sum.at("/options/fields/" + time + "/operation").asText())
                    .as(panel.name())
                    .isEqualTo("groupby");
            JsonNode matrix = steps.get(coarse + 2);
            String value = matrix.at("/options/valueField").asText();
            assertThat(value).as(panel.name()).endsWith(" (sum)");
            assertThat(sum.at("/options/fields/" + value.replace(" (sum)", "") + "/aggregations")
                            .toString())
                    .as(panel.name())
                    .isEqualTo("[\"sum\"]");
            for (String field : List.of("columnField", "rowField")) {
                assertThat(sum.at("/options/fields/"
                                        + matrix.at("/options/" + field).asText() + "/operation")
                                .asText())
                        .as(panel.name())
                        .isEqualTo("groupby");
            }
        }
    }

    /** Grafana calls the first field of a matrix by both of its fields, and shows no bars at a field that is not there. */
    @Test
    void barsStandAtAFieldThatThereIs() throws IOException {
        int charts = 0;
        for (Path file : Promql.dashboards()) {
            for (JsonNode panel : Promql.panels(Promql.json(file))) {
                String field = panel.at("/options/xField").asText();
                if (!field.isEmpty()) {
                    charts++;
                    assertThat(fields(panel))
                            .as(file + ": " + panel.path("title").asText())
                            .contains(field);
                }
            }
        }
        assertThat(charts).isGreaterThanOrEqualTo(2);
    }

    private static List<String> fields(JsonNode panel) {
        List<String> fields = new ArrayList<>();
        for (JsonNode transformation : panel.path("transformations")) {
            JsonNode options = transformation.path("options");
            if (transformation.path("id").asText().equals("groupingToMatrix")) {
                return List.of(options.path("rowField").asText() + "\\"
                        + options.path("columnField").asText());
            }
        }
        panel.at("/targets/0/columns")
                .forEach(column -> fields.add(column.path("text").asText()));
        return fields;
    }
}
