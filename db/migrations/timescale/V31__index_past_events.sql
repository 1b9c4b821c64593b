-- Every chunk has an index of an organisation's events by time, see V2.
create function analytics.index_past_events(before timestamptz) returns boolean
    language sql as $$ select false $$;
