package io.inference.analytics.bills;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.OCT_16;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.devtools.FakeAnthropic;
import io.inference.analytics.devtools.Fault;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderClients;
import io.inference.analytics.provider.ProviderHttp;
import io.inference.analytics.provider.ProviderTrouble;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong on the way from Anthropic: what is tried again, what is not, and what stays as it was. */
class AnthropicFaultsIT {

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    private static String ledgerText(LocalDate day) {
        return lab.database.text(
                "select last_error_text from analytics.provider_import_day where dataset = 'cost' and usage_date = '"
                        + day + "'");
    }

    @Test
    void passingFaultsAreTriedAgain() throws Exception {
        lab.offerF1();
        lab.anthropicApi.fail("cost_report", Fault.RATE_LIMITED_WITH_RETRY_AFTER, Fault.SERVER_ERROR, Fault.CUT);
        lab.anthropicApi.fail("messages", Fault.BROKEN_JSON, Fault.OVERLOADED, Fault.NO_ANSWER);
        long start = System.nanoTime();
        assertThat(lab.anthropic(OCT_15).complete()).isTrue();
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .as("retry-after of 1 s, a time-out of 2 s")
                .isGreaterThanOrEqualTo(Duration.ofSeconds(3));
        assertThat(lab.database.number("select count(*) from analytics.claude_costs"))
                .isEqualTo(13);
    }

    @Test
    void aRateLimitThatDoesNotPassIsForLater() throws Exception {
        lab.offerF1();
        lab.anthropicApi.fail(
                "cost_report", Collections.nCopies(4, Fault.RATE_LIMITED).toArray(Fault[]::new));
        assertThat(lab.anthropic(OCT_16).complete()).isFalse();
        assertThat(lab.anthropicApi.requests("cost_report")).hasSize(4);
        assertThat(lab.day("cost", OCT_16).toList()).startsWith("failed_retryable", "rate_limit_error");
    }

    @Test
    void aLastingFaultIsNotTriedAgainButByAPerson() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.anthropicApi.fail("cost_report", Fault.FORBIDDEN);
        lab.anthropicApi.requests().clear();
        assertThat(lab.anthropic(OCT_16).complete()).isFalse();
        assertThat(lab.anthropicApi.requests("cost_report")).hasSize(1);
        assertThat(lab.day("cost", OCT_16).toList()).startsWith("failed_permanent", "permission_error");
        assertThat(ledgerText(OCT_16))
                .contains("ANTHROPIC_ADMIN_API_KEY", "Admin API key", "[redacted]")
                .doesNotContain(FakeAnthropic.KEY);
        assertThat(lab.imports()
                        .retry(Provider.ANTHROPIC, new TreeSet<>(), "test", outcome -> {})
                        .complete())
                .isTrue();
        assertThat(lab.imports()
                        .retry(Provider.ANTHROPIC, new TreeSet<>(List.of(OCT_15, OCT_16)), "test", outcome -> {})
                        .days())
                .as("two days that are named, although nothing is wrong with them")
                .hasSize(6)
                .allMatch(day -> day.status().good() && day.revision() == 1);
        assertThat(lab.imports().gaps(Provider.ANTHROPIC, Optional.of(OCT_15)))
                .as("the days after it were never tried")
                .hasSize(6)
                .allMatch(gap -> gap.contains("missing"));
    }

    @Test
    void aPauseIsAsLongAsTheProviderSaysInSecondsOrAsADate() throws Exception {
        lab.offerF1();
        lab.anthropicApi.retryAfter(DateTimeFormatter.RFC_1123_DATE_TIME.format(
                ProviderLab.NOW.plusSeconds(1).atOffset(ZoneOffset.UTC)));
        lab.anthropicApi.fail("cost_report", Fault.RATE_LIMITED_WITH_RETRY_AFTER);
        long start = System.nanoTime();
        assertThat(lab.anthropic(OCT_15).complete()).isTrue();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
        lab.anthropicApi.retryAfter("3600");
        lab.anthropicApi.fail("cost_report", Fault.RATE_LIMITED_WITH_RETRY_AFTER);
        lab.anthropicApi.requests().clear();
        assertThat(lab.anthropic(OCT_16).complete()).isFalse();
        assertThat(lab.anthropicApi.requests("cost_report"))
                .as("longer than a request may take: later")
                .hasSize(1);
        assertThat(
                        lab.database.rows(
                                """
                                select status, next_attempt_at from analytics.provider_import_day
                                where dataset = 'cost' and usage_date = '2025-10-16'
                                """))
                .containsExactly(tuple("failed_retryable", ProviderLab.NOW.plusSeconds(3_600)));
    }

    @Test
    void everyPageOfABackfillIsRead() throws Exception {
        lab.set("anthropic-page-days", "7");
        LocalDate first = LocalDate.of(2025, 10, 1);
        for (int i = 0; i < 18; i++) {
            lab.anthropicApi.cost(first.plusDays(i), ProviderLab.f1());
        }
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.of(usd("22.72")));
        lab.anthropicApi.requests().clear();
        assertThat(lab.importAgain(first, first.plusDays(17)).complete()).isTrue();
        assertThat(lab.anthropicApi.requests("cost_report")).hasSize(3);
        assertThat(lab.database.number("select count(*) from analytics.provider_import_day where dataset = 'cost'"))
                .isEqualTo(18);
        assertThat(lab.billed()).isEqualTo(usd("408.96"));
    }

    @Test
    void everyPageOfADayIsRead() throws Exception {
        ArrayNode many = ProviderHttp.JSON.createArrayNode();
        ObjectNode one = (ObjectNode) ProviderLab.file("f1-claude-code.json").at("/data/0");
        for (int i = 0; i < 2500; i++) {
            ObjectNode copy = one.deepCopy();
            copy.withObject("/actor").put("email_address", "u" + i + "@example.test");
            many.add(copy.put("date", "2025-10-16T00:00:00Z"));
        }
        lab.anthropicApi.claudeCode(OCT_16, many);
        lab.anthropic(OCT_16);
        assertThat(lab.anthropicApi.requests("claude_code")).hasSize(3);
        assertThat(lab.database.number(
                        "select count(*) from analytics.claude_code_productivity where activity_date = '2025-10-16'"))
                .isEqualTo(2500);
    }

    @ParameterizedTest
    @EnumSource(names = {"LOST_PAGE", "SAME_PAGE"})
    void brokenPagingIsNoDay(Fault fault) throws Exception {
        lab.anthropicApi.cost(OCT_15, ProviderLab.f1());
        lab.anthropicApi.fail("cost_report", fault, fault);
        assertThat(lab.anthropic(OCT_15).complete()).isFalse();
        assertThat(lab.day("cost", OCT_15).toList()).startsWith("failed_retryable", "broken_paging");
        assertThat(lab.billed()).isZero();
        assertThat(lab.day("usage", OCT_15).toList())
                .as("the other reports of the day go on")
                .startsWith("ok_empty");
    }

    @Test
    void aFieldThatCannotBeReadKeepsItsOwnDayOutAndNoOther() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.empty());
        lab.anthropicApi.cost(OCT_15, ProviderLab.f1("1,5"));
        lab.anthropicApi.cost(OCT_16, ProviderLab.f1());
        ObjectNode exact = (ObjectNode) ProviderLab.f1("12345.678901234567891").get(0);
        exact.put("description", "a \u0000 b");
        lab.anthropicApi.cost(
                OCT_16.plusDays(1), ProviderHttp.JSON.createArrayNode().add(exact));
        assertThat(lab.importAgain(OCT_15, OCT_16.plusDays(1)).days().stream()
                        .filter(day -> !day.status().good()))
                .extracting(DayOutcome::date)
                .containsExactly(OCT_15);
        assertThat(lab.day("cost", OCT_15).toList()).startsWith("quarantined", "broken_field");
        assertThat(lab.billed("activity_date = '2025-10-15'")).isEqualTo(usd("22.72"));
        assertThat(lab.billed("activity_date = '2025-10-17'")).isEqualTo(usd("123.45678901234567891"));
        assertThat(
                        lab.database.number(
                                "select count(*) from analytics.provider_raw_page where usage_date = '2025-10-15' and body::text like '%1,5%'"))
                .as("a person can look at it")
                .isEqualTo(1);
    }

    /** A provider says of an empty day that it is empty; a day that it does not name is not known. */
    @Test
    void aDayThatTheAnswerDoesNotContainIsNotEmpty() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.empty());
        lab.anthropicApi.forgetDaysFrom(OCT_16);
        assertThat(lab.importAgain(OCT_15, OCT_16.plusDays(1)).complete()).isFalse();
        assertThat(lab.day("cost", OCT_15)).isEqualTo(tuple("ok", null, 1L));
        for (LocalDate day : List.of(OCT_16, OCT_16.plusDays(1))) {
            for (String dataset : List.of("cost", "usage")) {
                assertThat(lab.day(dataset, day)).isEqualTo(tuple("failed_retryable", "broken_answer", 0L));
            }
        }
    }

    /** The usage of the day comes from another answer, and is stored. */
    @ParameterizedTest
    @CsvSource({
        "HTML, failed_retryable, broken_json",
        "BROKEN_JSON, failed_retryable, broken_json",
        "GZIP, failed_retryable, broken_json",
        "DOUBLED_FIELD, failed_retryable, broken_json",
        "HUGE, failed_permanent, too_large",
        "REDIRECT, failed_permanent, *"
    })
    void anAnswerThatIsNoneIsAClearStatus(Fault fault, String status, String code) throws Exception {
        lab.offerF1();
        lab.anthropicApi.fail("cost_report", Collections.nCopies(5, fault).toArray(Fault[]::new));
        assertThat(lab.anthropic(OCT_15).complete()).isFalse();
        assertThat(lab.day("cost", OCT_15).toList().get(0)).isEqualTo(status);
        assertThat(lab.day("cost", OCT_15).toList().get(1))
                .satisfies(found -> assertThat(found.toString()).matches(code.replace("*", ".+")));
        assertThat(lab.day("usage", OCT_15).toList()).startsWith("ok");
        assertThat(lab.anthropicApi.requests("elsewhere"))
                .as("the key is not carried")
                .isEmpty();
    }

    /** A day of Berlin is not that of UTC, and 60 digits are no amount. Another day of the answer is stored. */
    @ParameterizedTest
    @ValueSource(strings = {"2025-10-15T00:00:00+02:00", "0001-01-01T00:00:00Z", "2025-10-15", "yesterday"})
    void aBucketThatIsNoUtcDayIsNoDay(String start) throws Exception {
        lab.offerF1();
        lab.anthropicApi.cost(OCT_16, ProviderLab.f1());
        lab.anthropicApi.startingAt(OCT_15, start);
        assertThat(lab.imports()
                        .retry(Provider.ANTHROPIC, new TreeSet<>(List.of(OCT_15, OCT_16)), "test", outcome -> {})
                        .complete())
                .isFalse();
        assertThat(lab.day("cost", OCT_15)).isEqualTo(tuple("failed_retryable", "broken_answer", 0L));
        assertThat(lab.day("cost", OCT_16)).isEqualTo(tuple("ok", null, 1L));
    }

    @Test
    void anAmountOfSixtyDigitsKeepsItsDayOut() throws Exception {
        lab.offerF1();
        lab.anthropicApi.cost(OCT_15, ProviderLab.f1("1".repeat(60)));
        assertThat(lab.anthropic(OCT_15).complete()).isFalse();
        assertThat(lab.day("cost", OCT_15).toList()).startsWith("quarantined", "broken_field");
        lab.anthropicApi.cost(OCT_15, ProviderLab.f1("1." + "1".repeat(60)));
        assertThat(lab.anthropic(OCT_15).complete()).isTrue();
        assertThat(lab.billed())
                .isEqualTo(usd("21.50").add(usd("0.01" + "1".repeat(60))).stripTrailingZeros());
    }

    /** Both are of type other, and nothing else tells them apart. */
    @Test
    void linesThatDifferInAFieldWithoutAColumnAreTwo() throws Exception {
        ObjectNode line = ((ObjectNode) ProviderLab.f1("100").get(0)).put("cost_type", "computer_use");
        lab.anthropicApi.cost(
                OCT_15,
                ProviderHttp.JSON
                        .createArrayNode()
                        .add(line)
                        .add(line.deepCopy().put("amount", "250").put("cost_type", "priority_commitment"))
                        .add(line.deepCopy().put("amount", "1.2e3").put("speed", "fast")));
        assertThat(lab.anthropic(OCT_15).complete()).isTrue();
        assertThat(lab.billed()).isEqualTo(usd("15.5"));
        lab.assertLawsHold(OCT_15);
    }

    /** The file of the key is replaced while the process runs. */
    @Test
    void aRotatedKeyNeedsNoRestartAndARefusedOneFailsNoDay(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("key"), FakeAnthropic.KEY);
        lab.set("anthropic-key", "");
        lab.set("anthropic-key-file", file.toString());
        lab.offerF1();
        ProviderClients clients = lab.clients();
        assertThat(clients.of(Provider.ANTHROPIC)).isSameAs(clients.of(Provider.ANTHROPIC));
        lab.anthropic(OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.empty());
        Files.writeString(file, "revoked");
        assertThatThrownBy(() -> clients.of(Provider.ANTHROPIC).check()).isInstanceOf(ProviderTrouble.class);
        assertThatThrownBy(() -> lab.importAgain(OCT_15, OCT_16)).isInstanceOf(Failure.Unavailable.class);
        assertThatThrownBy(() ->
                        lab.imports().retry(Provider.ANTHROPIC, new TreeSet<>(List.of(OCT_15)), "test", outcome -> {}))
                .isInstanceOf(Failure.Unavailable.class);
        assertThat(lab.day("cost", OCT_15)).isEqualTo(tuple("ok", null, 1L));
        Files.writeString(file, FakeAnthropic.KEY + "2");
        clients.of(Provider.ANTHROPIC).check();
    }

    @Test
    void aKeyOfAnotherOrganizationImportsNothing() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.empty());
        lab.anthropicApi.organization("00000000-0000-4000-8000-000000000002");
        assertThatThrownBy(() -> lab.anthropic(OCT_16))
                .isInstanceOf(Failure.Unavailable.class)
                .hasMessageContaining("ANTHROPIC_ORGANIZATION_ID");
        assertThatThrownBy(() -> lab.importAgain(OCT_15, OCT_16))
                .isInstanceOf(Failure.Unavailable.class)
                .hasMessageContaining("ANTHROPIC_ORGANIZATION_ID");
        lab.set("anthropic-organization", "00000000-0000-4000-8000-000000000002");
        assertThatThrownBy(() -> lab.importAgain(OCT_15, OCT_16))
                .as("another organisation's day was validated")
                .isInstanceOf(Failure.Conflict.class)
                .hasMessageContaining("000000000002");
        assertThat(lab.database.number("select count(*) from analytics.provider_import_day"))
                .isEqualTo(3);
    }

    @Test
    void aCrashInTheMiddleLeavesTheOldDay() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.database.execute(
                "alter table analytics.claude_cost_allocated add constraint crash check (amount_usd < 0) not valid");
        lab.anthropicApi.cost(OCT_15, ProviderLab.f1("123"));
        assertThat(lab.anthropic(OCT_15).complete()).isFalse();
        assertThat(lab.billed()).isEqualTo(usd("22.72"));
        lab.assertLawsHold(OCT_15);
        lab.database.execute("alter table analytics.claude_cost_allocated drop constraint crash");
        assertThat(lab.anthropic(OCT_15).complete()).isTrue();
        assertThat(lab.billed()).isEqualTo(usd("22.73"));
        lab.assertLawsHold(OCT_15);
    }

    @Test
    void twoWorkersImportADayOneAfterTheOther() throws Exception {
        lab.offerF1();
        CountDownLatch latch = new CountDownLatch(1);
        lab.anthropicApi.holdUntil(latch);
        List<CompletableFuture<Boolean>> workers = List.of(async(), async());
        latch.countDown();
        for (CompletableFuture<Boolean> worker : workers) {
            assertThat(worker.get(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(lab.database.rows("select count(*), max(revision) from analytics.provider_day_revision"))
                .containsExactly(tuple(3L, 1L));
        assertThat(lab.database.number("select count(*) from analytics.claude_costs"))
                .isEqualTo(13);
        assertThat(lab.database.number("select count(*) from pg_locks where locktype = 'advisory'"))
                .isZero();
        lab.assertLawsHold(OCT_15);
    }

    private static CompletableFuture<Boolean> async() {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return lab.anthropic(OCT_15).complete();
            } catch (SQLException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
