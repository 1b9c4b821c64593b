package io.inference.analytics.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class AuditChainTest {

    private static final Instant AT = Instant.parse("2026-01-02T03:04:05.678901Z");
    private static final UUID ORG = UUID.fromString("00000000-0000-4000-8000-000000000001");
    private static final byte[] GENESIS = AuditChain.genesis(ORG);

    private static final AuditEntry ENTRY =
            new AuditEntry(1, AT, AT, Optional.of("ann"), "a", Optional.of(ORG), "allowed", false, "GET", "/p", "t");

    private static String hash(AuditEntry entry) {
        return HexFormat.of().formatHex(AuditChain.next(GENESIS, entry));
    }

    /**
     * The expected values were computed from the description, without this code. A change of the
     * form would make every stored log unverifiable.
     */
    @Test
    void theFormNeverChanges() {
        assertThat(HexFormat.of().formatHex(GENESIS))
                .isEqualTo("742a3bf0bb605cc6d4677d881e236bd327f268d2c79e68237bf8a447e0a33d3a");
        assertThat(hash(ENTRY)).isEqualTo("071310b0541288ea6fbc42d50bf3c070b70a284f69e97e6f5dd44a2e4bcff856");
    }

    @Test
    void everyFieldCounts() {
        List<AuditEntry> others = List.of(
                ENTRY.placed(2, AT),
                ENTRY.placed(1, AT.plusNanos(1_000)),
                new AuditEntry(
                        1,
                        AT,
                        AT.plusNanos(1_000),
                        ENTRY.actor(),
                        "a",
                        ENTRY.orgId(),
                        "allowed",
                        false,
                        "GET",
                        "/p",
                        "t"),
                new AuditEntry(1, AT, AT, Optional.empty(), "a", ENTRY.orgId(), "allowed", false, "GET", "/p", "t"),
                new AuditEntry(1, AT, AT, Optional.of(""), "a", ENTRY.orgId(), "allowed", false, "GET", "/p", "t"),
                // The same letters, divided differently.
                new AuditEntry(1, AT, AT, Optional.of("anna"), "", ENTRY.orgId(), "allowed", false, "GET", "/p", "t"),
                new AuditEntry(1, AT, AT, ENTRY.actor(), "a", Optional.empty(), "allowed", false, "GET", "/p", "t"),
                new AuditEntry(1, AT, AT, ENTRY.actor(), "a", ENTRY.orgId(), "denied", false, "GET", "/p", "t"),
                new AuditEntry(1, AT, AT, ENTRY.actor(), "a", ENTRY.orgId(), "allowed", true, "GET", "/p", "t"),
                new AuditEntry(1, AT, AT, ENTRY.actor(), "a", ENTRY.orgId(), "allowed", false, "PUT", "/p", "t"),
                new AuditEntry(1, AT, AT, ENTRY.actor(), "a", ENTRY.orgId(), "allowed", false, "GET", "/q", "t"),
                new AuditEntry(1, AT, AT, ENTRY.actor(), "a", ENTRY.orgId(), "allowed", false, "GET", "/p", "u"));
        assertThat(others.stream().map(AuditChainTest::hash).distinct())
                .hasSize(others.size())
                .doesNotContain(hash(ENTRY));
    }

    @Test
    void headsAreReadAsTheyAreWritten() {
        AuditHead head = AuditHead.of(7, GENESIS);
        assertThat(AuditHead.parse(head.toString())).contains(head);
        assertThat(AuditHead.parse("7:abc")).isEmpty();
        assertThat(AuditHead.parse("x:" + head.hash())).isEmpty();
    }
}
