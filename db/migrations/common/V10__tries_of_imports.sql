-- When a day was last asked for, whatever came of it: what the rate of success is counted from.
alter table analytics.provider_import_day add column last_tried_at timestamptz;
update analytics.provider_import_day set last_tried_at = last_checked_at;
