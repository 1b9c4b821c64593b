package io.inference.analytics.cli;

import io.inference.analytics.event.RejectReason;
import io.inference.analytics.platform.Failure;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which dead letters a command is about. */
final class DlqSelection {

    private static final int LIMIT_MAX = 100_000;

    @Option(
            names = "--reason",
            paramLabel = "CODE",
            description = "Only letters of this reason, such as malformed_json or delivery_limit.")
    private String reason;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Letters at most (default: ${DEFAULT-VALUE}).")
    private int limit;

    Optional<String> reason() {
        return Optional.ofNullable(reason);
    }

    int limit() {
        return limit;
    }

    void validate() {
        if (limit < 1 || limit > LIMIT_MAX) {
            throw new Failure.Invalid("--limit", "--limit: %d (expected: 1 to %d)".formatted(limit, LIMIT_MAX));
        }
        List<String> codes =
                Arrays.stream(RejectReason.values()).map(RejectReason::wireName).toList();
        if (reason != null && !codes.contains(reason)) {
            throw new Failure.Invalid(
                    "--reason", "--reason: %s (expected: %s)".formatted(reason, String.join(", ", codes)));
        }
    }
}
