package io.inference.analytics.observability;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A query of a dashboard that reads the database.
 *
 * @param place where it stands, for messages
 */
record DashboardSql(String place, String query) {

    static List<DashboardSql> all() throws IOException {
        List<DashboardSql> all = new ArrayList<>();
        for (Path file : Promql.dashboards()) {
            JsonNode dashboard = Promql.json(file);
            for (JsonNode panel : Promql.panels(dashboard)) {
                for (JsonNode target : panel.path("targets")) {
                    if (target.has("rawSql")) {
                        all.add(new DashboardSql(
                                file.getFileName() + ": " + panel.path("title").asText(),
                                target.path("rawSql").asText()));
                    }
                }
            }
            for (JsonNode variable : dashboard.path("templating").path("list")) {
                if (variable.path("datasource").path("type").asText().endsWith("postgresql-datasource")) {
                    all.add(new DashboardSql(
                            file.getFileName() + ": variable "
                                    + variable.path("name").asText(),
                            variable.path("query").asText()));
                }
            }
        }
        return all;
    }

    /** The query as Grafana would send it, for one organisation and one model and the last day. */
    String withValues(String org, String model) {
        String sent = query.replace("$__timeFrom()", "(now() - interval '1 day')")
                .replace("$__timeTo()", "now()")
                .replace("${org:sqlstring}", "'" + org + "'")
                .replace("${model:sqlstring}", "'" + model + "'")
                .replace("${granularity:sqlstring}", "'hour'");
        if (sent.contains("$")) {
            throw new AssertionError("a variable that this test does not know: " + sent);
        }
        return sent;
    }

    @Override
    public String toString() {
        return place;
    }
}
