-- A row of a file leads to its batch; from there its trace must be found after the outbox has been emptied.
alter table analytics.ingestion_batches add column trace_parent text;
comment on column analytics.ingestion_batches.trace_parent is
    'W3C context of the span that stored the batch, which links to the publishers; null while tracing is off';
