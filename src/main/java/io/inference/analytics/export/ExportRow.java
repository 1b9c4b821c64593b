package io.inference.analytics.export;

/**
 * One row of a file before it is formatted. Tokens and money stay the texts that the database
 * wrote: exact, and written again without parsing.
 *
 * @param bucket index into the order's buckets
 * @param costCents null when nothing in the row has a price
 */
record ExportRow(
        int bucket,
        String modelId,
        long invocations,
        long errors,
        String inputTokens,
        String outputTokens,
        String cacheReadInputTokens,
        String cacheWriteInputTokens,
        String costCents,
        long unpricedInvocations) {}
