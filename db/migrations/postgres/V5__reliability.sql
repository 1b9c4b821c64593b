-- Histograms by group and hour as bags of (count << 12 | bin), for readers that merge many of them; see latency_hourly for people.
create view analytics.histograms_hourly as
select org_id, bucket_start, model_id, client_id, status, latency_bins, time_to_first_token_bins
from analytics.usage_hourly_rollup;

-- Finds the minutes of an incident in a day of raw events. Events come nearly in the order of their time, so a block range
-- index is as good as a tree here, and costs ingest next to nothing.
create index usage_events_occurred_at on analytics.usage_events
    using brin (occurred_at) with (pages_per_range = 32, autosummarize = on);
