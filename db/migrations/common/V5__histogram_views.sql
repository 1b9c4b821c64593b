-- The bins of the histograms, a row each, for SQL users and dashboards; histograms_hourly is the flavour's own (V2).

create view analytics.latency_hourly as
select org_id, model_id, client_id, status, bucket_start, bin, sum(count)::bigint as count
from analytics.histograms_hourly cross join lateral analytics.unpack_bins(latency_bins)
group by org_id, model_id, client_id, status, bucket_start, bin;

create view analytics.time_to_first_token_hourly as
select org_id, model_id, client_id, status, bucket_start, bin, sum(count)::bigint as count
from analytics.histograms_hourly cross join lateral analytics.unpack_bins(time_to_first_token_bins)
group by org_id, model_id, client_id, status, bucket_start, bin;
