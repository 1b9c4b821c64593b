package io.inference.analytics.audit;

import io.inference.analytics.audit.AuditEntry.Hashed;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/**
 * Walks along the whole chain in one snapshot and finds entries that were changed, removed, put in
 * another order or cut off. It computes every hash itself and calls no function of the database.
 * Somebody with all rights in the database could still forge a chain; the heads that were published
 * outside of the database reveal that.
 */
@ApplicationScoped
public class AuditVerification {

    /** Most faults that are described; further ones are only counted. */
    private static final int DESCRIBED_MAX = 50;

    /**
     * What was found.
     *
     * @param chain name of the chain
     * @param entries rows that were read
     * @param firstSeq the first of these rows, 0 when there is none
     * @param head where the rows end
     * @param headsChecked published heads that were compared
     * @param faultCount number of all faults
     * @param faults the first faults, in words
     */
    public record Report(
            String chain,
            long entries,
            long firstSeq,
            AuditHead head,
            int headsChecked,
            long faultCount,
            List<String> faults) {}

    private final AuditLogStore store;
    private final Jdbi jdbi;
    private final AuditHeads archive;
    private final AuditConfig config;
    private final Clock clock;

    AuditVerification(AuditLogStore store, Jdbi jdbi, AuditHeads archive, AuditConfig config, Clock clock) {
        this.store = store;
        this.jdbi = jdbi;
        this.archive = archive;
        this.config = config;
        this.clock = clock;
    }

    /**
     * Verifies the log.
     *
     * @param known heads that were published, from a log or elsewhere
     * @param askArchive whether to compare the heads in the file store too, where one is configured
     * @throws IOException when the file store does not answer
     */
    public Report run(List<AuditHead> known, boolean askArchive) throws IOException {
        List<AuditHead> heads = new ArrayList<>(known);
        if (askArchive && archive.offered()) {
            // Before the snapshot: a head that is published while the rows are read would look cut
            // off.
            Optional<AuditLogStore.End> named = jdbi.withHandle(store::end);
            if (named.isPresent()) {
                heads.addAll(archive.heads(named.get().chain()));
            }
        }
        return jdbi.inTransaction(TransactionIsolationLevel.REPEATABLE_READ, handle -> walk(handle, heads));
    }

    private Report walk(Handle handle, List<AuditHead> heads) {
        Optional<AuditLogStore.End> end = store.end(handle);
        Optional<AuditLogStore.Checkpoint> checkpoint = store.checkpoint(handle);
        Walk walk = new Walk(heads);
        if (end.isEmpty()) {
            walk.fault("the head of the log (analytics.audit_head) is missing");
        }
        if (checkpoint.isPresent()) {
            AuditHead kept = checkpoint.get().head();
            walk.expect(kept.seq(), HexFormat.of().parseHex(kept.hash()));
            if (checkpoint
                    .get()
                    .recordedAt()
                    .isAfter(clock.instant()
                            .atOffset(ZoneOffset.UTC)
                            .minus(config.retention())
                            .toInstant())) {
                walk.fault("the checkpoint at seq %d says that entries were dropped too early (expected: older than %s)"
                        .formatted(kept.seq(), config.retention()));
            }
        } else {
            walk.expect(0, AuditChain.genesis(end.map(AuditLogStore.End::chain).orElse(new UUID(0, 0))));
        }
        store.all(handle, walk);
        end.ifPresent(walk::end);
        walk.published();
        return new Report(
                end.map(found -> found.chain().toString()).orElse("unknown"),
                walk.entries,
                walk.firstSeq,
                AuditHead.of(walk.seq, walk.hash),
                walk.headsCompared,
                walk.faultCount,
                List.copyOf(walk.faults));
    }

    /** The state of one walk along the chain. */
    private static final class Walk implements Consumer<Hashed> {

        private final Map<Long, List<String>> heads = new HashMap<>();
        private final List<String> faults = new ArrayList<>();
        private long faultCount;
        private long seq;
        private byte[] hash = new byte[0];
        private long startSeq;
        private long entries;
        private long firstSeq;
        private int headsCompared;

        Walk(List<AuditHead> published) {
            published.forEach(head ->
                    heads.computeIfAbsent(head.seq(), any -> new ArrayList<>()).add(head.hash()));
        }

        void fault(String text) {
            faultCount++;
            if (faults.size() < DESCRIBED_MAX) {
                faults.add(text);
            }
        }

        void expect(long before, byte[] beforeHash) {
            startSeq = before;
            seq = before;
            hash = beforeHash;
        }

        @Override
        public void accept(Hashed hashed) {
            AuditEntry entry = hashed.entry();
            if (entries++ == 0) {
                firstSeq = entry.seq();
            }
            if (entry.seq() > seq + 1) {
                fault("seq %d to %d: removed".formatted(seq + 1, entry.seq() - 1));
            } else if (entry.seq() <= seq) {
                fault("seq %d: out of place (after seq %d)".formatted(entry.seq(), seq));
            } else if (!Arrays.equals(AuditChain.next(hash, entry), hashed.hash())) {
                fault("seq %d: changed, or it does not follow the entry before it".formatted(entry.seq()));
            }
            // Continues from the stored hash, so that one fault is reported once.
            seq = entry.seq();
            hash = hashed.hash();
            compare();
        }

        private void compare() {
            List<String> published = heads.remove(seq);
            if (published != null) {
                String stored = HexFormat.of().formatHex(hash);
                for (String other : published) {
                    headsCompared++;
                    if (!other.equals(stored)) {
                        fault("seq %d: another hash was published (%s)".formatted(seq, other));
                    }
                }
            }
        }

        void end(AuditLogStore.End end) {
            if (end.head().seq() > seq) {
                fault("seq %d to %d: cut off at the end"
                        .formatted(seq + 1, end.head().seq()));
            } else if (!end.head().equals(AuditHead.of(seq, hash))) {
                fault("the head says seq %s, the last entry is %s".formatted(end.head(), AuditHead.of(seq, hash)));
            }
        }

        /**
         * Published heads that are left have no row; only rows that retention dropped may be
         * missing.
         */
        void published() {
            heads.forEach((place, hashes) -> {
                if (place > seq) {
                    fault("seq %d: was published and is cut off (the log ends at %d)".formatted(place, seq));
                } else if (place > startSeq) {
                    fault("seq %d: was published and is missing".formatted(place));
                }
            });
        }
    }
}
