package io.inference.analytics.export;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.export.ExpectedBills.Share;
import io.inference.analytics.export.ExpectedReconciliation.Cell;
import io.inference.analytics.export.ExpectedReconciliation.Parts;
import io.inference.analytics.export.RandomMonth.Charge;
import io.inference.analytics.testing.Tokens;
import io.restassured.path.json.JsonPath;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the API answers about a {@link RandomMonth}, next to what it should. */
final class RandomMonthAnswers {

    private static final String NONE = "none";

    private static final Map<String, Function<Share, Object>> GROUPS = Map.of(
            "day", Share::day,
            "platform", Share::platform,
            "model", Share::model,
            "workspace", Share::workspace,
            "user", Share::user,
            "team", Share::team,
            "tokenType", Share::tokenType,
            "organization", Share::account);

    private static final Map<String, String> FIELDS =
            Map.of("workspace", "workspaceId", "user", "userEmail", "organization", "organizationId");

    private static final String[] FIGURES = {
        "estimate.amount",
        "billed.amount",
        "difference.amount",
        "split.coverage.amount",
        "split.quantity.amount",
        "split.price.amount",
        "split.unpriced.amount",
        "split.rest.amount",
        "unpricedInvocations"
    };

    private final RandomMonth month;
    private final ExpectedBills expected;
    private final ExpectedReconciliation compared;

    RandomMonthAnswers(RandomMonth month, ExpectedBills expected, ExpectedReconciliation compared) {
        this.month = month;
        this.expected = expected;
        this.compared = compared;
    }

    JsonPath costs(String group) {
        return asked("provider-costs", group);
    }

    private JsonPath asked(String path, String group) {
        return given().auth()
                .oauth2(Tokens.of("company-finance"))
                .get("/analytics/v1/%s?start=%sT00:00:00Z&end=%sT00:00:00Z&groupBy=%s"
                        .formatted(path, month.day(1), month.month.plusMonths(1).atDay(1), group))
                .then()
                .statusCode(200)
                .extract()
                .jsonPath();
    }

    void assertSums(List<Charge> charges) {
        List<Share> shares = expected.shares(charges);
        BigDecimal total = shares.stream().map(Share::usd).reduce(BigDecimal.ZERO, BigDecimal::add);
        GROUPS.forEach((group, of) -> {
            JsonPath answer = costs(group);
            Map<String, BigDecimal> shown = new TreeMap<>();
            for (Map<String, Object> row : answer.<Map<String, Object>>getList("series")) {
                Object amount = ((Map<?, ?>) row.get("cost")).get("amount");
                shown.merge(
                        text(row.get(FIELDS.getOrDefault(group, group))),
                        new BigDecimal(amount.toString()),
                        BigDecimal::add);
            }
            assertThat(ExpectedBills.plain(shown))
                    .as(group)
                    .isEqualTo(ExpectedBills.sums(shares, share -> text(of.apply(share))));
            assertThat(new BigDecimal(answer.getString("totals.cost.amount")))
                    .as(group)
                    .isEqualByComparingTo(total);
        });
    }

    private static String text(Object value) {
        return value == null ? NONE : value.toString();
    }

    /** Estimates next to bills, cell by cell and by model. Events of other tests have other models. */
    void assertCompared(List<Charge> charges) {
        Map<Cell, Parts> cells = compared.cells(charges);
        Set<String> own = cells.keySet().stream().map(Cell::model).collect(Collectors.toSet());
        assertThat(shown("day,provider,platform,model", own))
                .isEqualTo(ExpectedReconciliation.shown(
                        cells, cell -> String.join(" ", cell.day(), cell.provider(), cell.platform(), cell.model())));
        assertThat(shown("model", own)).isEqualTo(ExpectedReconciliation.shown(cells, Cell::model));
    }

    /** Reads the rows as maps: a path for each figure would be compiled as a script of its own, 5 ms each. */
    private Map<String, List<String>> shown(String groups, Set<String> models) {
        Map<String, List<String>> shown = new TreeMap<>();
        for (Map<String, Object> row : asked("reconciliation", groups).<Map<String, Object>>getList("series")) {
            List<String> figures =
                    Stream.of(FIGURES).map(field -> text(at(row, field))).toList();
            if (models.contains(text(row.get("model"))) && !figures.stream().allMatch("0"::equals)) {
                shown.put(
                        Stream.of(groups.split(","))
                                .map(group -> text(row.get(group)))
                                .collect(Collectors.joining(" ")),
                        figures);
            }
        }
        return shown;
    }

    private static Object at(Object value, String field) {
        for (String name : field.split("\\.", -1)) {
            value = ((Map<?, ?>) value).get(name);
        }
        return value;
    }
}
