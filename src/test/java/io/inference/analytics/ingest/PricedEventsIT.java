package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.price.Price;
import io.inference.analytics.price.PriceBook;
import io.inference.analytics.price.PriceScope;
import io.inference.analytics.price.Repricing;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Events without a cost get the one of the price book, or none; through a real broker into a real database. */
@QuarkusTest
@WithBackends(rabbitmq = true, redis = true)
@TestProfile(OnStream.class)
class PricedEventsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Inject
    AgroalDataSource database;

    @Inject
    Ingestion ingestion;

    @Inject
    Jdbi jdbi;

    @Inject
    PriceBook book;

    @Inject
    Repricing repricing;

    @ConfigProperty(name = "RABBITMQ_URL")
    String brokerUrl;

    private final UUID model = UUID.randomUUID();
    private IngestLab lab;

    @BeforeEach
    void begin() throws Exception {
        lab = new IngestLab(brokerUrl, database);
        await().atMost(PATIENCE).until(() -> ingestion.reader().view().reads());
    }

    @AfterEach
    void end() throws Exception {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(lab.drift()).isZero());
        lab.close();
    }

    private EventJson tokens(Instant at) {
        return lab.event(at)
                .with("modelId", "\"" + model + "\"")
                .with("inputTokens", "1000")
                .with("outputTokens", "100")
                .with("cacheReadInputTokens", "200")
                .with("cacheWriteInputTokens", "100");
    }

    private void price(Instant from, String input, String write1h) throws SQLException {
        price(from, input, write1h, PriceScope.GENERAL);
    }

    private void price(Instant from, String input, String write1h, PriceScope scope) throws SQLException {
        book.add(
                new Price(
                        model,
                        from,
                        new BigDecimal(input),
                        new BigDecimal("15"),
                        Optional.of(new BigDecimal("0.30")),
                        Optional.of(new BigDecimal("3.75")),
                        Optional.ofNullable(write1h).map(BigDecimal::new),
                        scope),
                "test",
                "");
    }

    private long stored() throws SQLException {
        return lab.number("select count(*) from analytics.usage_events where org_id = '" + lab.org() + "'");
    }

    private String text(String query) {
        return new Sql(database).text(query);
    }

    private String cost(EventJson event) throws SQLException {
        return text(
                "select coalesce(cost_estimate_cents::text, 'unpriced') from analytics.usage_events where event_id = '"
                        + IngestLab.id(event) + "'");
    }

    @Test
    void thePriceThatHeldThenIsTakenAndRepricingIsShownBeforeItIsDone() throws Exception {
        Instant now = Instant.now().minusSeconds(5).truncatedTo(ChronoUnit.MICROS);
        Instant from = now.minus(2, ChronoUnit.DAYS).truncatedTo(ChronoUnit.DAYS);
        price(from, "3", null);
        EventJson priced = tokens(now);
        EventJson before = tokens(from.minusSeconds(1));
        EventJson own = tokens(now).with("costEstimateCents", "7.5");
        EventJson withoutClass = tokens(now).with("cacheWrite1hInputTokens", "40");
        EventJson unknown = tokens(now).with("modelId", "\"" + UUID.randomUUID() + "\"");
        lab.publish(priced, before, own, withoutClass, unknown);
        await().atMost(PATIENCE).until(() -> stored() == 5);
        // 700 plain at 3, 100 out at 15, 200 read at 0.30, 100 written at 3.75: 4,035 USD per million.
        assertThat(cost(priced)).isEqualTo("0.40350000");
        assertThat(cost(own)).isEqualTo("7.50000000");
        for (EventJson none : List.of(before, withoutClass, unknown)) {
            assertThat(cost(none)).isEqualTo("unpriced");
        }
        long duplicates = duplicates();
        lab.publish(priced);
        await().atMost(PATIENCE).until(() -> duplicates() == duplicates + 1);
        assertThat(conflicts()).as("the cost that we added makes no conflict").isZero();

        price(from.minus(1, ChronoUnit.DAYS), "3", "6");
        price(from, "4", "6");
        TimeRange range = new TimeRange(from.minus(1, ChronoUnit.DAYS), now.plusSeconds(60));
        Repricing.Change change = mine(repricing.preview(range));
        assertThat(change.events()).isEqualTo(3);
        assertThat(change.oldCents()).isEqualByComparingTo("0.4035");
        // 0.4735 twice, of which one writes 40 for an hour: (60 * 3.75 + 40 * 6) instead of 375; and 0.4035 by the
        // older price.
        assertThat(change.newCents()).isEqualByComparingTo("1.3595");
        assertThat(change.unpricedBefore()).isEqualTo(3);
        assertThat(change.unpricedAfter()).isEqualTo(1);
        assertThat(cost(priced)).as("nothing happened yet").isEqualTo("0.40350000");

        assertThat(mine(repricing.apply(range, "test"))).isEqualTo(change);
        assertThat(lab.drift()).as("the rollups have followed").isZero();
        assertThat(cost(priced)).isEqualTo("0.47350000");
        assertThat(cost(before)).isEqualTo("0.40350000");
        assertThat(cost(own)).isEqualTo("7.50000000");
        assertThat(text("select sum(cost_estimate_cents)::numeric(20, 4) from analytics.usage_daily where org_id = '"
                        + lab.org() + "'"))
                .isEqualTo("8.8595");
        assertThat(lab.number("select count(*) from analytics.price_repricing where org_id = '" + lab.org() + "'"))
                .as("one row for each of the two days with events")
                .isEqualTo(2);
        assertThat(mine(repricing.preview(range)).events()).isZero();
    }

    @Test
    void theMostSpecificPriceHoldsAndATierIsPartOfTheContent() throws Exception {
        Instant now = Instant.now().minusSeconds(5).truncatedTo(ChronoUnit.MICROS);
        Instant from = now.minus(2, ChronoUnit.DAYS).truncatedTo(ChronoUnit.DAYS);
        Optional<String> batch = Optional.of("batch");
        Optional<String> above = Optional.of("above-200k");
        price(from, "1", null, new PriceScope(batch, Optional.empty()));
        price(from, "6", null, new PriceScope(Optional.empty(), above));
        EventJson none = tokens(now);
        EventJson tier = tokens(now).with("serviceTier", "\"batch\"");
        EventJson window = tokens(now).with("contextWindow", "\"above-200k\"");
        EventJson both = tokens(now).with("serviceTier", "\"batch\"").with("contextWindow", "\"above-200k\"");
        EventJson other = tokens(now).with("serviceTier", "\"flex\"").with("contextWindow", "\"\"");
        lab.publish(none, tier, window, both, other);
        await().atMost(PATIENCE).until(() -> stored() == 5);
        // 700 plain, 100 out at 15, 200 read at 0.30, 100 written at 3.75: 1,935 USD per million, and the input.
        assertThat(cost(none)).as("no price is for it").isEqualTo("unpriced");
        assertThat(cost(tier)).isEqualTo("0.26350000");
        assertThat(cost(window)).isEqualTo("0.61350000");
        assertThat(cost(both)).as("a tier counts for more").isEqualTo("0.26350000");
        assertThat(cost(other)).isEqualTo("unpriced");
        assertThat(text(
                        "select string_agg(distinct coalesce(service_tier, '-') || '/' || coalesce(context_window, '-'), ' ')"
                                + " from analytics.usage_events where org_id = '" + lab.org() + "'"))
                .isEqualTo("-/- -/above-200k batch/- batch/above-200k flex/-");

        long duplicates = duplicates();
        lab.publish(tier, none.with("serviceTier", "null").with("contextWindow", "\"\""));
        await().atMost(PATIENCE).until(() -> duplicates() == duplicates + 2);
        lab.publish(tier.with("serviceTier", "\"flex\""), window.with("contextWindow", "null"));
        await().atMost(PATIENCE).until(() -> conflicts() == 2);

        price(from.plus(1, ChronoUnit.DAYS), "3", null);
        price(from, "2", null, new PriceScope(batch, above));
        TimeRange range = new TimeRange(from, now.plusSeconds(60));
        repricing.apply(range, "test");
        assertThat(cost(none)).isEqualTo("0.40350000");
        assertThat(cost(tier)).as("a newer general price ends no other").isEqualTo("0.26350000");
        assertThat(cost(both)).isEqualTo("0.33350000");
        assertThat(cost(other)).as("no price is for its tier").isEqualTo("0.40350000");
        assertThat(mine(repricing.preview(range)).unpricedAfter()).isZero();
    }

    @Test
    void conflictsAndDuplicatesAreCountedByClientAndModelWithWhatIsAtStake() throws Exception {
        Instant now = Instant.now().minusSeconds(5).truncatedTo(ChronoUnit.MICROS);
        price(now.minus(2, ChronoUnit.DAYS), "3", null);
        EventJson end = tokens(now).with("clientId", "\"app\"");
        EventJson start = end.with("outputTokens", "0").with("occurredAt", "\"" + now.minusSeconds(60) + "\"");
        // Within a batch, and against what an earlier batch has stored.
        lab.publish(List.of(("[" + start + "," + end + "," + start + "]").getBytes(StandardCharsets.UTF_8)));
        await().atMost(PATIENCE).until(() -> conflicts() == 1);
        lab.publish(end, start, start.with("costEstimateCents", "9.5"), end.with("cacheWrite1hInputTokens", "1"));
        await().atMost(PATIENCE).until(() -> conflicts() == 4);
        lab.publish(start.with("clientId", "null"), start);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(repeats())
                // 700 plain at 3, 200 read at 0.30, 100 written at 3.75: 0.2535; 100 out at 15 make it 0.4035. One
                // class of
                // tokens has no price.
                .isEqualTo(List.of(
                        ": 0 0 0, 1 1000 0 1000 0 0.2535 0.2535 0",
                        "app: 3 3000 0, 4 4000 0 4000 300 0.7605 10.3070 1")));
    }

    private List<String> repeats() {
        return jdbi.withHandle(handle -> handle.createQuery(
                        """
                        select client_id || ': ' || sum(duplicates) || ' ' || sum(duplicate_input_tokens) || ' '
                               || sum(duplicate_output_tokens) || ', ' || sum(conflicts) || ' ' || sum(stored_input_tokens) || ' '
                               || sum(stored_output_tokens) || ' ' || sum(refused_input_tokens) || ' ' || sum(refused_output_tokens)
                               || ' ' || sum(stored_cost_cents)::numeric(20, 4) || ' ' || sum(refused_cost_cents)::numeric(20, 4)
                               || ' ' || sum(unpriced_conflicts)
                        from analytics.ingestion_repeats where org_id = :org and model_id = :model
                        group by client_id order by client_id
                        """)
                .bind("org", lab.org())
                .bind("model", model)
                .mapTo(String.class)
                .list());
    }

    private long duplicates() throws SQLException {
        return lab.number("select coalesce(sum(duplicates), 0) from analytics.ingestion_batches");
    }

    private long conflicts() throws SQLException {
        return lab.number("select count(*) from analytics.ingestion_conflicts where org_id = '" + lab.org() + "'");
    }

    private Repricing.Change mine(List<Repricing.Change> changes) {
        return changes.stream()
                .filter(change -> change.org().equals(lab.org()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theBookOnlyGrows() throws Exception {
        price(Instant.now(), "3", null);
        price(Instant.now(), "4", null);
        assertThat(book.list(Optional.of(model)))
                .extracting(Price.Entry::version)
                .containsExactlyInAnyOrder(1, 2);
        for (String change :
                List.of("update analytics.model_prices set input_usd = 0", "delete from analytics.model_prices")) {
            assertThatThrownBy(() -> execute(change))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("append-only");
        }
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
