-- The functions of TimescaleDB lie in the schema that the extension was created in: this one, unless somebody created it before. Only a
-- user of that name searches it. These functions now do for every user. The extension cannot be moved to another schema.
do $$
declare
    extension_schema text := (select extnamespace::regnamespace from pg_extension where extname = 'timescaledb');
begin
    execute 'alter function analytics.follow_retention(interval, interval) set search_path = pg_catalog, '
            || extension_schema || ', pg_temp';
    execute 'alter function analytics.purge(timestamptz, timestamptz, timestamptz) set search_path = pg_catalog, '
            || extension_schema || ', pg_temp';
end $$;
