package io.inference.analytics.export;

import static io.inference.analytics.export.Exports.order;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.attribution.OrgMappings;
import io.inference.analytics.attribution.ProviderModels;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.devtools.FakeAnthropic;
import io.inference.analytics.devtools.FakeCursor;
import io.inference.analytics.devtools.Fault;
import io.inference.analytics.export.ExpectedBills.Share;
import io.inference.analytics.export.OrgExportSettings.Preferences;
import io.inference.analytics.export.RandomMonth.Charge;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.testing.WithBackends;
import io.inference.analytics.usage.NameStore;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Months from seeds: what every surface shows of the bills equals {@link ExpectedBills} to the last digit, before and after the providers
 * correct themselves and people enter mappings late. {@code local-dev/random-months} runs more seeds.
 */
@QuarkusTest
@WithBackends(s3 = true)
class RandomMonthsIT {

    private static final int TRIES = 12;

    @Inject
    AgroalDataSource database;

    @Inject
    OrgMappings owners;

    @Inject
    OrgExportSettings settings;

    @Inject
    MonthlyExports monthly;

    @Inject
    Restatements restatements;

    @Inject
    ObjectStore store;

    @Inject
    NameStore names;

    @Inject
    ProviderModels models;

    private final List<UUID> orgs = List.of(UUID.randomUUID(), UUID.randomUUID());
    private RandomMonth month;
    private ExpectedBills expected;
    private ExpectedReconciliation compared;
    private RandomMonthAnswers answers;
    private ProviderLab lab;

    /** What the first files bill. */
    private Map<UUID, BigDecimal> filed;

    /** As many as the command asks for. */
    static LongStream seeds() {
        long from = Long.getLong("analytics.test.first-seed", 1);
        return LongStream.range(from, from + Long.getLong("analytics.test.seeds", 20));
    }

    @AfterEach
    void leaveNothing() {
        lab.empty();
        lab.close();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everySurfaceShowsTheSameMonth(long seed) throws Exception {
        month = new RandomMonth(seed);
        lab = new ProviderLab(database);
        lab.at(Instant.now());
        lab.empty();
        RandomMonthPeople people = new RandomMonthPeople(month, lab, owners, orgs);
        expected = people.expected();
        people.enter();
        RandomMonthCalls calls = new RandomMonthCalls(month);
        calls.store(database, names, models);
        compared = new ExpectedReconciliation(calls, expected);
        answers = new RandomMonthAnswers(month, expected, compared);
        wantCharges();
        offer(month.first);
        importMonth();
        assertShown(month.first);
        assertFiled(month.first);
        filed = byOwner(expected.shares(month.first));
        offerCorrections();
        importRestatedDays();
        people.enterLate();
        models.alias(Provider.ANTHROPIC, month.model("claude", 2), month.model("claude", 1));
        compared.alias(month.model("claude", 2), month.model("claude", 1));
        assertShown(month.corrected);
        month.days().forEach(lab::assertLawsHold);
        assertRestatementsAreDue();
        assertFiled(month.corrected);
        assertThat(restatements.due()).noneMatch(due -> orgs.contains(due.org()));
    }

    /** The files of the month are files of charges. */
    private void wantCharges() {
        for (UUID org : orgs) {
            settings.set(
                    org,
                    new Preferences(
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.of(ExportFormat.FOCUS),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty()));
        }
    }

    private void offer(List<Charge> charges) {
        RandomMonthApis apis = new RandomMonthApis(month);
        apis.offer(lab.openaiApi, charges);
        apis.offer(lab.cursorApi, charges);
    }

    /** One day is first asked for while the provider has an outage. */
    private void importMonth() throws Exception {
        SortedSet<LocalDate> outage = new TreeSet<>(List.of(month.outage));
        SortedSet<LocalDate> others = month.days();
        others.removeAll(outage);
        for (String account : month.anthropic) {
            use(account, month.first);
            lab.anthropic(month.day(1));
            lab.imports().retry(Provider.ANTHROPIC, others, "test", outcome -> {});
            lab.anthropicApi.fail(
                    "cost_report",
                    Collections.nCopies(TRIES, Fault.SERVER_ERROR).toArray(Fault[]::new));
            assertThat(lab.imports()
                            .retry(Provider.ANTHROPIC, outage, "test", outcome -> {})
                            .complete())
                    .isFalse();
            lab.anthropicApi.close();
        }
        lab.openai(month.day(1));
        for (Provider provider : List.of(Provider.OPENAI, Provider.CURSOR)) {
            assertThat(lab.imports()
                            .retry(provider, month.days(), "test", outcome -> {})
                            .complete())
                    .isTrue();
        }
        answers.assertSums(month.first.stream()
                .filter(charge -> !month.anthropic.contains(charge.account()) || !outage.contains(charge.day()))
                .toList());
        assertThat(answers.costs("day").getInt("finality.missingDays")).isEqualTo(2 * outage.size());
        for (String account : month.anthropic) {
            use(account, month.first);
            assertThat(lab.imports()
                            .retry(Provider.ANTHROPIC, outage, "test", outcome -> {})
                            .complete())
                    .isTrue();
        }
    }

    /** The API of an account, with a key of that account. */
    private void use(String account, List<Charge> charges) {
        lab.anthropicApi.close();
        lab.anthropicApi = FakeAnthropic.started();
        new RandomMonthApis(month).offer(lab.anthropicApi, account, charges);
        lab.set("anthropic-url", lab.anthropicApi.url());
        lab.set("anthropic-organization", account);
        lab.set("anthropic-key", FakeAnthropic.KEY);
    }

    private void offerCorrections() {
        lab.at(Instant.now());
        lab.cursorApi.close();
        lab.cursorApi = FakeCursor.started();
        lab.set("cursor-url", lab.cursorApi.url());
        offer(month.corrected);
    }

    /** The admin key was replaced: the old one is refused, and changes no day. */
    private void importRestatedDays() throws Exception {
        for (String account : month.anthropic) {
            use(account, month.corrected);
            lab.set("anthropic-key", "revoked");
            assertThatThrownBy(() ->
                            lab.imports().retry(Provider.ANTHROPIC, month.restated.get(account), "test", outcome -> {}))
                    .isInstanceOf(Failure.Unavailable.class);
            lab.set("anthropic-key", "sk-ant-admin01-next");
            assertThat(lab.imports()
                            .retry(Provider.ANTHROPIC, month.restated.get(account), "test", outcome -> {})
                            .complete())
                    .isTrue();
        }
        for (Provider provider : List.of(Provider.OPENAI, Provider.CURSOR)) {
            assertThat(lab.imports()
                            .retry(provider, month.restated.get(account(provider)), "test", outcome -> {})
                            .complete())
                    .isTrue();
        }
    }

    private static String account(Provider provider) {
        return provider == Provider.OPENAI ? RandomMonth.OPENAI : RandomMonth.CURSOR;
    }

    private void assertShown(List<Charge> charges) {
        answers.assertSums(charges);
        answers.assertCompared(charges);
        JsonPath answer = answers.costs("day");
        assertThat(answer.getInt("finality.missingDays")).isZero();
        assertThat(answer.getString("finality.status")).isEqualTo("final");
        assertThat(answer.getLong("finality.revisions"))
                .isEqualTo(changes(
                        charges,
                        charge -> charge.type() == null || !charge.type().startsWith("Errored")));
        assertThat(answer.getLong("finality.restatements"))
                .as("each day was final before; what a plan includes is not billed")
                .isEqualTo(changes(
                        charges, charge -> !expected.shares(List.of(charge)).isEmpty()));
    }

    /** Days of an account that differ from what the provider said first. */
    private long changes(List<Charge> charges, Predicate<Charge> counts) {
        return month.restated.entrySet().stream()
                .mapToLong(days -> days.getValue().stream()
                        .filter(day -> !of(month.first, days.getKey(), day, counts)
                                .equals(of(charges, days.getKey(), day, counts)))
                        .count())
                .sum();
    }

    private static List<Charge> of(List<Charge> charges, String account, LocalDate day, Predicate<Charge> counts) {
        return charges.stream()
                .filter(charge ->
                        charge.account().equals(account) && charge.day().equals(day))
                .filter(counts)
                .toList();
    }

    /** The files of the month, and one that is asked for. */
    private void assertFiled(List<Charge> charges) throws Exception {
        List<Share> shares = expected.shares(charges);
        for (UUID org : orgs) {
            List<Share> own =
                    shares.stream().filter(share -> org.equals(share.owner())).toList();
            List<MonthlyExports.Outcome> outcomes = monthly.run(month.month, Optional.of(org), "tester");
            assertThat(outcomes).singleElement().satisfies(outcome -> assertThat(outcome.error())
                    .isEmpty());
            Exports exports = new Exports(org);
            assertFile(exports.job(outcomes.get(0).jobId().toString()).extract().jsonPath(), org, own);
            if (org.equals(orgs.get(0))) {
                assertFile(exports.exported(order().days(month.month.toString()).format("focus-1.4")), org, own);
            }
        }
    }

    private void assertFile(JsonPath job, UUID org, List<Share> own) throws Exception {
        CsvText file = Exports.csv(new Exports(org).file(job));
        Map<String, BigDecimal> billed = new TreeMap<>();
        for (Map<String, String> row : file.rows()) {
            String group = String.join(
                    " ",
                    row.get("ChargePeriodStart").substring(0, 10),
                    row.get("BillingAccountId"),
                    row.get("x_ServiceTier"));
            billed.merge(group, new BigDecimal(row.get("BilledCost")), BigDecimal::add);
        }
        assertThat(ExpectedBills.plain(billed))
                .isEqualTo(ExpectedBills.sums(
                        own, share -> String.join(" ", share.day().toString(), share.account(), tier(share))));
        assertThat(new BigDecimal(job.getString("billedCostUsd")))
                .isEqualByComparingTo(own.stream().map(Share::usd).reduce(BigDecimal.ZERO, BigDecimal::add));
    }

    private static String tier(Share share) {
        return share.tier() == null ? "" : share.tier();
    }

    /** Every organisation whose file no longer agrees with the bill, by the amounts of both. */
    private void assertRestatementsAreDue() {
        Map<UUID, BigDecimal> now = byOwner(expected.shares(month.corrected));
        now.entrySet().removeIf(billed -> billed.getValue().compareTo(filed.get(billed.getKey())) == 0);
        List<Restatements.Due> due = restatements.due().stream()
                .filter(each -> orgs.contains(each.org()))
                .toList();
        assertThat(due).allSatisfy(each -> assertThat(each.filedUsd()).isEqualByComparingTo(filed.get(each.org())));
        assertThat(due.stream().collect(Collectors.toMap(Restatements.Due::org, each -> each.billedUsd()
                        .stripTrailingZeros())))
                .isEqualTo(now);
    }

    private Map<UUID, BigDecimal> byOwner(List<Share> shares) {
        Map<UUID, BigDecimal> sums = new HashMap<>();
        for (UUID org : orgs) {
            sums.put(
                    org,
                    shares.stream()
                            .filter(share -> org.equals(share.owner()))
                            .map(Share::usd)
                            .reduce(BigDecimal.ZERO, BigDecimal::add)
                            .stripTrailingZeros());
        }
        return sums;
    }
}
