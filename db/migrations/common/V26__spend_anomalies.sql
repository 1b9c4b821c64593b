-- How many of yesterday and today cost unusually much: organisations that cost most, as the last round of one replica found them.
create table analytics.spend_anomalies (
    org_id    uuid primary key,
    anomalies integer not null check (anomalies >= 0),
    looked_at timestamptz not null
);

comment on table analytics.spend_anomalies is
    'How many of the days yesterday and today (UTC) cost an organisation unusually much; of up to 250 that cost most.';
comment on column analytics.spend_anomalies.org_id is 'The organisation.';
comment on column analytics.spend_anomalies.anomalies is 'Unusual days among yesterday and today: 0 to 2.';
comment on column analytics.spend_anomalies.looked_at is 'When the round that found this began.';
