package io.inference.analytics.export;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/** The columns of this service (contract, section 3). */
final class UsageColumns implements ExportColumns<ExportRow> {

    private static final List<Column> COLUMNS = List.of(
            new Column("org_id", "Id of the organisation"),
            new Column("org_name", "Name of the organisation; the id where it has none"),
            new Column("model_id", "Id of the model"),
            new Column("model_name", "Name of the model; the id where it has none"),
            new Column("bucket_start", "First instant of the hour, day or month, RFC 3339 in UTC"),
            new Column("invocations", "Invocations that ended in the bucket"),
            new Column("errors", "Invocations that did not end in success"),
            new Column("input_tokens", "Tokens read, cached ones included"),
            new Column("output_tokens", "Tokens written"),
            new Column("cache_read_input_tokens", "The part of input_tokens that came from a cache"),
            new Column("cache_write_input_tokens", "The part of input_tokens that went to a cache"),
            new Column(
                    "cost_estimate_cents",
                    "US cents, exact plain decimal: the sum of what has a price; empty when nothing has a price"),
            new Column(
                    "unpriced_invocations", "Invocations without a price, which cost_estimate_cents does not contain"));

    private final String orgId;
    private final String orgName;
    private final Map<String, String> modelNames;
    private final List<String> bucketStarts;
    private final CsvForm form;

    UsageColumns(
            String orgId, String orgName, Map<String, String> modelNames, List<Instant> bucketStarts, CsvForm form) {
        this.orgId = orgId;
        this.orgName = form.name(orgName);
        this.modelNames = modelNames;
        this.bucketStarts = bucketStarts.stream().map(Instant::toString).toList();
        this.form = form;
    }

    @Override
    public List<Column> columns() {
        return COLUMNS;
    }

    @Override
    public String[] cells(ExportRow row) {
        return new String[] {
            orgId,
            orgName,
            row.modelId(),
            form.name(modelNames.getOrDefault(row.modelId(), row.modelId())),
            bucketStarts.get(row.bucket()),
            Long.toString(row.invocations()),
            Long.toString(row.errors()),
            row.inputTokens(),
            row.outputTokens(),
            row.cacheReadInputTokens(),
            row.cacheWriteInputTokens(),
            form.amount(row.costCents()),
            Long.toString(row.unpricedInvocations())
        };
    }
}
