package io.inference.analytics.ingest;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Shares of one lane, in the order of their messages, that are stored in one transaction.
 *
 * @param correlationId the first id of a message, so that one search leads from the producer to batch and rollup; made up when no
 *     message has one
 * @param refusal why its only share cannot be stored and becomes a dead letter; empty as long as that is not known
 */
record LaneBatch(long generation, int lane, List<Share> shares, String correlationId, Optional<String> refusal) {

    LaneBatch(long generation, int lane, List<Share> shares) {
        this(generation, lane, shares, correlationId(shares), Optional.empty());
    }

    private static String correlationId(List<Share> shares) {
        return shares.stream()
                .map(share -> share.message().messageId())
                .filter(id -> !id.isEmpty())
                .findFirst()
                .orElseGet(() -> UUID.randomUUID().toString());
    }

    /** A batch that only moves the position over what is committed. */
    LaneBatch withoutShares() {
        return new LaneBatch(generation, lane, List.of(), correlationId, Optional.empty());
    }

    /**
     * What is stored in its place when one of its shares cannot be, and it is not known which: its two halves. A single share
     * becomes a dead letter, and nothing else of it is stored.
     */
    List<LaneBatch> withoutRefused(String cause) {
        if (shares.size() == 1) {
            String neutral = UUID.randomUUID().toString();
            return List.of(new LaneBatch(generation, lane, shares, neutral, Optional.of(cause)));
        }
        int middle = shares.size() / 2;
        return List.of(
                new LaneBatch(generation, lane, shares.subList(0, middle)),
                new LaneBatch(generation, lane, shares.subList(middle, shares.size())));
    }

    List<RawMessage> messages() {
        return shares.stream().map(Share::message).toList();
    }

    /** The last message of which it stores something. */
    StreamPlace.Mark last() {
        RawMessage message = shares.get(shares.size() - 1).message();
        return new StreamPlace.Mark(message.offset(), message.publishedAt());
    }
}
