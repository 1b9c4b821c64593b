package io.inference.analytics.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Arguments are read before anything starts: this is all that happens to those that are wrong. */
class InvocationTest {

    private static final String ID = "5f0e3a52-6f0b-4f0e-9d3c-0b6e5a7d1c11";

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private Invocation read(String line) {
        return Invocation.read(
                line.replace("ID", ID).split(" "), new PrintWriter(out, true), new PrintWriter(err, true));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    catalog org --id 7 --name x                        | --id: 7 (expected: a UUID)
                    catalog org --id 1-1-1-1-1 --name x                | --id: 1-1-1-1-1 (expected: a UUID)
                    catalog model --id ID --name x --provider-model y  | --provider: missing (expected: the provider that uses --provider-model)
                    rollup refresh --from yesterday --to 2026-03-02    | --from: yesterday (expected: a date such as 2026-03-01, or a time such as 2026-03-01T12:00:00Z)
                    rollup refresh --from 2026-03-02 --to 2026-03-02   | --to: 2026-03-02T00:00:00Z (expected: later than --from, 2026-03-02T00:00:00Z)
                    price reprice --from 2026-03-02 --to 2026-03-01    | --to: 2026-03-01T00:00:00Z (expected: later than --from, 2026-03-02T00:00:00Z)
                    conservation --from 2026-03-02 --to 2026-03-01     | --to: 2026-03-01T00:00:00Z (expected: later than --from, 2026-03-02T00:00:00Z)
                    replay --from-offset -1                            | --from-offset: -1 (expected: a whole number from 0)
                    replay --from-time 2026-02-30                      | --from-time: 2026-02-30 (expected: a date such as 2026-03-01, or a time such as 2026-03-01T12:00:00Z)
                    dlq list --limit 0                                 | --limit: 0 (expected: 1 to 100000)
                    dlq list --limit many                              | --limit: many (expected: a whole number)
                    dlq replay --reason bad                            | --reason: bad (expected: malformed_json, too_large, missing_field, invalid_field, timestamp_out_of_range, negative_value, storage_rejected or delivery_limit)
                    price list --model 7                               | --model: 7 (expected: a UUID)
                    price add --model ID --from 2026-03-01 --input -3 --output 15 | --input: -3 (expected: US dollars such as 22.72)
                    price add --model ID --from 2026-03-01 --input 3 --output 15 --cache-read 1e3 | --cache-read: 1e3 (expected: US dollars such as 22.72)
                    export run-monthly --month 2026-13                 | --month: 2026-13 (expected: a month such as 2026-03)
                    export run-monthly --month 2026-03 --org acme      | --org: acme (expected: a UUID)
                    export org --id ID --grace-days 28                 | --grace-days: 28 (expected: 0 to 27)
                    export org --id ID --retention-days 0 --bucket X   | 2 faults: --retention-days: 0 (expected: 1 to 3650); --bucket: X (expected: the name of a bucket)
                    export org --id ID --time-zone Mars/Olympus        | --time-zone: Mars/Olympus (expected: an IANA name such as Europe/Berlin)
                    export org --id ID --format xml                    | --format: xml (expected: csv, focus, focus-1.4, focus-1.2 or focus-estimate)
                    export org --id ID --granularity weekly            | --granularity: weekly (expected: HOURLY, DAILY or MONTHLY)
                    export org --id ID --monthly yes                   | --monthly: yes (expected: true or false)
                    audit verify --head x                              | --head: not a head (expected: a number, a colon and 64 hexadecimal digits, as in the log)
                    apikey create --name x --permission p              | --org: given 0 times with --all-orgs false (expected: one of the two)
                    apikey create --name x --permission p --all-orgs --org ID | --org: given 1 times with --all-orgs true (expected: one of the two)
                    apikey create --name x --permission p --org 7      | --org: 7 (expected: a UUID)
                    apikey revoke secret                               | KEY: not an id or prefix of a key (expected: a UUID, or iak_ and 12 digits)
                    synthetic --timeout 3601                           | --timeout: 3601 (expected: 1 to 3600)
                    synthetic --url ftp://x                            | --url: ftp://x (expected: http://host:port)
                    synthetic --pushgateway http:x                     | --pushgateway: http:x (expected: http://host:port)
                    synthetic --timeout 5                              | SYNTHETIC_TOKEN: not set (expected: a JWT that may read the probe's usage, or SYNTHETIC_API_KEY)
                    providers import --provider gemini                 | --provider: gemini (expected: anthropic, cursor or openai)
                    providers import --provider claude_ai              | --provider: claude_ai (expected: anthropic, cursor or openai)
                    providers import --provider Cursor --daily --release | --daily: with --date or --release (expected: alone)
                    providers validate --provider cursor --date 2025-13-01 | --date: 2025-13-01 (expected: a date such as 2026-03-01)
                    providers validate --provider cursor --date 2025-10-15 --organization a,b | --organization: a,b (expected: the provider's id of it)
                    providers retry-failed --date 2025-10-15 --date x  | --date: x (expected: a date such as 2026-03-01)
                    providers gaps --from 1                            | --from: 1 (expected: a date such as 2026-03-01)
                    providers seats add --month 2025-10 --platform claude_ai --amount 1e3 | --amount: 1e3 (expected: US dollars such as 22.72)
                    providers seats add --month 2025-10 --platform gpt --amount 1 | --platform: gpt (expected: claude_code, claude_api, claude_ai, cursor or openai_api)
                    providers invoices add --month 2025-10 --amount 1 --requests many | --requests: many (expected: a whole number from 0)
                    providers map-key --key sk-ant-x --platform claude_api --from 2025-01-01 | --key: a secret (expected: the id of a key, apikey_… or key_…, or its name)
                    providers map-key --key k --platform claude_api --from 2025-01-01 --email bob | --email: bob (expected: an address)
                    providers map-workspace --workspace wrkspc_1 --organization o --platform claude_api --from 2025-01-01 | --organization: o (expected: only with default)
                    providers map-org --workspace wrkspc_1 --organization o --org none --from 2025-01-01 | --organization: o (expected: only with default)
                    providers map-org --key sk-ant-x --org none --from 2025-01-01 | --key: not the id of a key (expected: apikey_… or key_…)
                    providers map-org --key apikey_x --org acme --from 2025-01-01 | --org: acme (expected: a UUID, or none)
                    providers report-workspace --workspace default --show maybe | --show: maybe (expected: yes or no)
                    """)
    void aFaultyValueIsAnsweredWithItsOptionAndWhatIsExpected(String arguments, String line) {
        assertThat(read(arguments)).isEqualTo(new Invocation.Ended(2));
        assertThat(err).hasToString("analytics: " + line + System.lineSeparator());
        assertThat(out.toString()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    nope                             | Unmatched argument at index 0: 'nope'; try analytics --help
                    dlq                              | a subcommand is missing (expected: list or replay); try analytics dlq --help
                    rollup refresh --from 2026-01-01 | Missing required option: '--to=TIME'; try analytics rollup refresh --help
                    """)
    void aFaultyCommandIsAnsweredWithWhereToReadOn(String arguments, String line) {
        assertThat(read(arguments)).isEqualTo(new Invocation.Ended(2));
        assertThat(err).hasToString("analytics: " + line + System.lineSeparator());
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aValueWithControlCharactersStaysOneLine() {
        Invocation.read(
                new String[] {"catalog", "org", "--id", "7\n\u001b[31m", "--name", "x"},
                new PrintWriter(out, true),
                new PrintWriter(err, true));
        assertThat(err.toString().lines()).containsExactly("analytics: --id: 7  [31m (expected: a UUID)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "replay --from-time 2026-03-01T12:00:00+02:00",
                "dlq list --reason MALFORMED_JSON",
                "conservation",
                "export org --id ID --time-zone Europe/Berlin --monthly FALSE --format focus --granularity Hourly",
                "providers gaps --provider CURSOR",
                "providers seats add --month 2025-10 --platform claude.ai --amount 1250.00",
                "providers map-workspace --workspace default --organization o --platform claude_api --from 2025-01-01",
                "providers map-org --key apikey_x --org none --from 2025-01-01",
                "providers report-workspace --workspace default --show no",
                "apikey revoke iak_0123456789ab",
                "apikey revoke ID",
                "migrate"
            })
    void whatIsRightRuns(String arguments) {
        assertThat(read(arguments)).isInstanceOf(Invocation.Run.class);
        assertThat(err.toString()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve"})
    void theServerIsNoCommand(String arguments) {
        assertThat(read(arguments)).isEqualTo(new Invocation.Serve());
    }

    @Test
    void noArgumentsAreTheServer() {
        assertThat(Invocation.read(new String[0], new PrintWriter(out), new PrintWriter(err)))
                .isEqualTo(new Invocation.Serve());
    }

    @Test
    void helpIsPrintedAndEverythingElseIsLeftAlone() {
        assertThat(read("dlq replay --help")).isEqualTo(new Invocation.Ended(0));
        assertThat(out.toString()).contains("--reason", "--limit");
        assertThat(err.toString()).isEmpty();
    }
}
