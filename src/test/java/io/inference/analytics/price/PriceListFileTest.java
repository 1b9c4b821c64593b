package io.inference.analytics.price;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.inference.analytics.platform.Failure;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PriceListFileTest {

    @TempDir
    Path directory;

    private List<ListPrice> read(String json) throws IOException {
        Path file = directory.resolve("list.json");
        Files.writeString(file, json);
        return PriceListFile.read(file);
    }

    private static Optional<BigDecimal> usd(String dollars) {
        return Optional.of(new BigDecimal(dollars));
    }

    @Test
    void pricesPerTokenBecomePricesPerMillionWithEveryDigit() throws IOException {
        assertThat(
                        read(
                                """
                                {"sample_spec": {"litellm_provider": "one of …", "input_cost_per_token": 0.0},
                                 "claude-x": {"litellm_provider": "anthropic", "mode": "chat", "max_tokens": 8192,
                                   "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
                                   "cache_read_input_token_cost": 3e-07, "cache_creation_input_token_cost": 3.75e-06,
                                   "cache_creation_input_token_cost_above_1hr": 6e-06,
                                   "input_cost_per_token_above_200k_tokens": 6e-06,
                                   "output_cost_per_reasoning_token": 1.5e-05,
                                   "input_cost_per_token_batches": 1.5e-06,
                                   "search_context_cost_per_query": {"search_context_size_low": 0.01},
                                   "input_cost_per_audio_token": 0, "supports_vision": true},
                                 "openai/gpt-y": {"litellm_provider": "openai",
                                   "input_cost_per_token": 0.00000012345678901, "output_cost_per_token": 0}}
                                """))
                .containsExactly(
                        new ListPrice(
                                "anthropic",
                                "claude-x",
                                PriceScope.GENERAL,
                                usd("3"),
                                usd("15"),
                                usd("0.3"),
                                usd("3.75"),
                                usd("6"),
                                List.of(
                                        "input_cost_per_token_above_200k_tokens",
                                        "input_cost_per_token_batches",
                                        "search_context_cost_per_query")),
                        new ListPrice(
                                "openai",
                                "gpt-y",
                                PriceScope.GENERAL,
                                usd("0.12345678901"),
                                usd("0"),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                List.of()));
    }

    @Test
    void modelsByProviderArePricesPerMillionAlready() throws IOException {
        assertThat(
                        read(
                                """
                                {"anthropic": {"id": "anthropic", "models": {
                                   "claude-x": {"id": "claude-x", "cost": {"input": 3, "output": 15, "cache_read": 0.3,
                                     "cache_write": 3.75, "context_over_200k": {"input": 6, "output": 22.5}}},
                                   "claude-free": {"id": "claude-free"}}}}
                                """))
                .containsExactly(
                        new ListPrice(
                                "anthropic",
                                "claude-x",
                                PriceScope.GENERAL,
                                usd("3"),
                                usd("15"),
                                usd("0.3"),
                                usd("3.75"),
                                Optional.empty(),
                                List.of()),
                        new ListPrice(
                                "anthropic",
                                "claude-x",
                                new PriceScope(Optional.empty(), Optional.of("above-200k")),
                                usd("6"),
                                usd("22.5"),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                List.of()),
                        new ListPrice(
                                "anthropic",
                                "claude-free",
                                PriceScope.GENERAL,
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                List.of()));
    }

    @Test
    void tiersAndLongContextsWithInputAndOutputArePricesOfTheirOwn() throws IOException {
        assertThat(
                        read(
                                """
                                {"gemini-z": {"litellm_provider": "vertex",
                                   "input_cost_per_token": 1e-06, "output_cost_per_token": 4e-06,
                                   "input_cost_per_token_batches": 5e-07, "output_cost_per_token_batches": 2e-06,
                                   "input_cost_per_token_above_200k_tokens_priority": 4e-06,
                                   "output_cost_per_token_above_200k_tokens_priority": 8e-06,
                                   "cache_read_input_token_cost_above_200k_tokens_priority": 1e-07,
                                   "input_cost_per_token_flex": 3e-07}}
                                """))
                .extracting(
                        ListPrice::scope,
                        ListPrice::input,
                        ListPrice::output,
                        ListPrice::cacheRead,
                        ListPrice::notExpressed)
                .containsExactly(
                        tuple(
                                PriceScope.GENERAL,
                                usd("1"),
                                usd("4"),
                                Optional.empty(),
                                List.of("input_cost_per_token_flex")),
                        tuple(
                                new PriceScope(Optional.of("priority"), Optional.of("above-200k")),
                                usd("4"),
                                usd("8"),
                                usd("0.1"),
                                List.of()),
                        tuple(
                                new PriceScope(Optional.of("batch"), Optional.empty()),
                                usd("0.5"),
                                usd("2"),
                                Optional.empty(),
                                List.of()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{\"a\": 1}",
                "{\"a\":",
                "{\"m\":{\"litellm_provider\":\"x\",\"input_cost_per_token\":-1}}",
                "{\"m\":{\"litellm_provider\":\"x\",\"input_cost_per_token\":1e999999999}}"
            })
    void anotherFileIsRefused(String json) {
        assertThatThrownBy(() -> read(json)).isInstanceOf(Failure.Invalid.class).hasMessageContaining("file: ");
    }
}
