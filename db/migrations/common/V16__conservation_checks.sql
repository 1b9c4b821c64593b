-- What the last check of the books found: one row. One replica checks per interval, and all of them show it.
-- begun_at: when a check was last begun. checked_at: when one last compared everything; null before the first. gap is of that one.
create table analytics.conservation_checks (
    single     boolean primary key default true check (single),
    begun_at   timestamptz not null,
    checked_at timestamptz,
    gap        bigint not null default 0
);
