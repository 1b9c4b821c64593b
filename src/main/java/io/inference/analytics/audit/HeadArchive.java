package io.inference.analytics.audit;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** A place outside of the database where heads of the chain are kept, so that whoever rules the database can not cut its tail. */
public interface HeadArchive {

    /** Whether there is such a place. */
    boolean offered();

    /**
     * Keeps the head of the chain beside the earlier ones.
     *
     * @throws IOException when that can not be done at present
     */
    void keep(UUID chain, AuditHead head, Instant at) throws IOException;

    /**
     * All heads of the chain that were kept, in no order.
     *
     * @throws IOException when they can not be read at present
     */
    List<AuditHead> heads(UUID chain) throws IOException;
}
