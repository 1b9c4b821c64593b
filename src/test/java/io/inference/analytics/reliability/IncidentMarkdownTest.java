package io.inference.analytics.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.reliability.IncidentSummary.Affected;
import io.inference.analytics.reliability.IncidentSummary.Failed;
import io.inference.analytics.reliability.IncidentSummary.Phases;
import io.inference.analytics.reliability.IncidentSummary.Window;
import io.inference.analytics.reliability.ReliabilitySeries.Figures;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What the summary says about who was hit. */
class IncidentMarkdownTest {

    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final Instant END = START.plusSeconds(3_600);

    private static Figures figures(long invocations, long timeouts) {
        return Figures.of(
                new Stats(invocations, Map.of("timeout", timeouts), Optional.empty(), Optional.empty()),
                Optional.empty());
    }

    private static Affected client(String name, long timeouts, SpikeRule.Cause... causes) {
        Phases phases = new Phases(figures(3, 0), figures(10, timeouts), figures(0, 0));
        return new Affected(null, null, name, causes.length > 0, List.of(causes), phases);
    }

    private static String markdown(List<Affected> clients) {
        Phases whole = new Phases(figures(3, 0), figures(10, 5), figures(0, 0));
        Window window = new Window(START, END);
        Failed failed = new Failed(5, BigInteger.ONE, BigInteger.ONE, null, 5, START, START);
        return IncidentMarkdown.of(new IncidentSummary(
                UUID.randomUUID(),
                "Example",
                window,
                window,
                window,
                whole,
                List.of(),
                clients,
                List.of(),
                List.of(),
                failed,
                List.of(),
                END));
    }

    @Test
    void whoWentMuchWorseIsShownAlone() {
        assertThat(markdown(List.of(client("hit", 9, SpikeRule.Cause.ERROR_RATE), client("other", 1))))
                .contains("| hit | 0.00 % | 90.00 % | – | – | – | – | 9 | errorRate |")
                .doesNotContain("other", "most failed calls");
    }

    @Test
    void whereNoneCanBeComparedThoseWithFailedCallsAreShown() {
        assertThat(markdown(List.of(client("hit", 9), client("calm", 0))))
                .contains("None went much worse by the rule for spikes. These had the most failed calls:\n\n| |")
                .contains("| hit | 0.00 % | 90.00 % | – | – | – | – | 9 | – |")
                .doesNotContain("calm");
    }

    @Test
    void ofManyTheWorstFewAreShown() {
        List<Affected> clients = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            clients.add(client("client-" + i, 9 - i));
        }
        assertThat(markdown(clients)).contains("client-0", "client-4").doesNotContain("client-5");
    }

    @Test
    void withoutAFailedCallItSaysSo() {
        assertThat(markdown(List.of(client("calm", 0))))
                .contains("## Clients\n\nNone failed, and none went much worse than before.\n");
    }
}
