-- Finance exports: what was asked for, who works on it, what came out. Times in UTC, figures exact.

-- One row a file that was asked for or made by the schedule. A running job belongs to whoever knows lease_token, until leased_until.
create table analytics.export_jobs (
    job_id          uuid primary key,
    org_id          uuid not null,
    status          text not null check (status in ('pending', 'running', 'succeeded', 'failed', 'cancelled', 'expired')),
    granularity     text not null check (granularity in ('hourly', 'daily', 'monthly')),
    format          text not null check (format in ('csv', 'focus')),
    range_start     timestamptz not null,
    range_end       timestamptz not null,
    time_zone       text not null,
    model_ids       uuid[] not null,
    initiated_by    text not null,
    -- Of the automatic monthly ones: the first day of the month, and which restatement of it this is, from 1.
    month           date,
    revision        integer check (revision >= 1),
    idempotency_key text,
    request_hash    text,
    trace_parent    text,
    created_at      timestamptz not null,
    bucket          text not null,
    object_key      text not null,

    -- faults counts the tries that ended without a file, but for those in which only the file store was at fault.
    tries           integer not null default 0,
    faults          integer not null default 0,
    not_before      timestamptz not null,
    lease_token     uuid,
    leased_until    timestamptz,
    last_problem    text,
    started_at      timestamptz,
    completed_at    timestamptz,
    row_count       bigint not null default 0,

    size_bytes      bigint,
    checksum        text,
    totals          jsonb,
    reconciliation  jsonb,
    difference      jsonb,
    error           text,
    expires_at      timestamptz,
    -- Whether the file store may hold something of this job that has to go.
    clean_up        boolean not null default false,

    check (range_start < range_end),
    check ((month is null) = (revision is null)),
    check ((status = 'running') <= (lease_token is not null and leased_until is not null)),
    check ((status in ('succeeded', 'expired')) <= (checksum is not null and totals is not null and expires_at is not null)),
    check ((status = 'failed') <= (error is not null))
);
create index export_jobs_org on analytics.export_jobs (org_id, created_at desc, job_id desc);
create index export_jobs_open on analytics.export_jobs (created_at) where status in ('pending', 'running');
create index export_jobs_expiry on analytics.export_jobs (expires_at) where status = 'succeeded';
create index export_jobs_clean_up on analytics.export_jobs (completed_at) where clean_up;
create unique index export_jobs_month on analytics.export_jobs (org_id, month, revision) where month is not null;
create unique index export_jobs_idempotency on analytics.export_jobs (org_id, idempotency_key) where idempotency_key is not null;

-- What an organisation wants otherwise than by default; null means the default.
create table analytics.export_settings (
    org_id         uuid primary key,
    monthly        boolean,
    grace_days     integer check (grace_days between 0 and 27),
    granularity    text check (granularity in ('hourly', 'daily', 'monthly')),
    format         text check (format in ('csv', 'focus')),
    time_zone      text,
    retention_days integer check (retention_days between 1 and 3650),
    bucket         text,
    updated_at     timestamptz not null
);
