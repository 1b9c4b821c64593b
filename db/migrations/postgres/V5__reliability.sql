-- Finds the minutes of an incident in a day of raw events. Events come nearly in the order of their time, so a block range
-- index is as good as a tree here, and costs ingest next to nothing.
create index usage_events_occurred_at on analytics.usage_events
    using brin (occurred_at) with (pages_per_range = 32, autosummarize = on);
