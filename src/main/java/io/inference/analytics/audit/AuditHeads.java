package io.inference.analytics.audit;

import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.objectstore.ObjectStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * Heads of the audit log in the file store, one small object each:
 * {@code analytics/audit/{chain}/{date}/{time}-{seq}-{hash}.json}. The name holds the whole head,
 * so reading them back takes only a listing. In a bucket with object lock, no account can change
 * them.
 */
@ApplicationScoped
class AuditHeads {

    private static final DateTimeFormatter PATH =
            DateTimeFormatter.ofPattern("yyyy-MM-dd/HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final ObjectStore bucket;

    AuditHeads(ObjectStore bucket) {
        this.bucket = bucket;
    }

    /** Whether a file store is configured. */
    boolean offered() {
        return bucket.configured();
    }

    private static String prefix(UUID chain) {
        return "analytics/audit/" + chain + "/";
    }

    /**
     * Stores the head of the chain next to the earlier ones.
     *
     * @throws IOException when the file store does not accept it at present
     */
    void keep(UUID chain, AuditHead head, Instant at) throws IOException {
        String key = "%s%s-%d-%s.json".formatted(prefix(chain), PATH.format(at), head.seq(), head.hash());
        byte[] content = "{\"chain\":\"%s\",\"seq\":%d,\"hash\":\"%s\",\"at\":\"%s\"}\n"
                .formatted(chain, head.seq(), head.hash(), at)
                .getBytes(StandardCharsets.UTF_8);
        bucket.put(
                new ObjectLocation(bucket.defaultBucket(), key),
                content,
                "application/json",
                Map.of("chain", chain.toString()));
    }

    /**
     * All stored heads of the chain, in no particular order.
     *
     * @throws IOException when the file store does not answer at present
     */
    List<AuditHead> heads(UUID chain) throws IOException {
        List<AuditHead> heads = new ArrayList<>();
        for (String key : bucket.keys(bucket.defaultBucket(), prefix(chain))) {
            String name = key.substring(key.lastIndexOf('/') + 1).replaceFirst("[.]json$", "");
            AuditHead.parse(name.substring(name.indexOf('-') + 1)).ifPresent(heads::add);
        }
        return heads;
    }
}
