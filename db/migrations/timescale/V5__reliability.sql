-- Histograms by group and hour as bags of (count << 12 | bin), for readers that merge many of them; see latency_hourly for people.
create view analytics.histograms_hourly as
select org_id, bucket_start, model_id, client_id, status,
       coalesce(array_agg(count << 12 | bin) filter (where not first_token), '{}') as latency_bins,
       coalesce(array_agg(count << 12 | bin) filter (where first_token), '{}') as time_to_first_token_bins
from (select org_id, bucket_start, model_id, client_id, status, bin::bigint, count, false as first_token
      from analytics.latency_hourly
      union all
      select org_id, bucket_start, model_id, client_id, status, bin::bigint, count, true
      from analytics.time_to_first_token_hourly) as bins
group by org_id, bucket_start, model_id, client_id, status;
