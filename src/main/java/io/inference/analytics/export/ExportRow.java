package io.inference.analytics.export;

/**
 * One row of a file before it is dressed. Tokens and money stay the texts that the database wrote, which are exact and need no
 * parsing to be written again.
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
