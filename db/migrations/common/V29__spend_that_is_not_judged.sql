-- An organisation with too little history was looked at and not judged, which is not the same as nothing unusual.
alter table analytics.spend_anomalies alter column anomalies drop not null;

comment on column analytics.spend_anomalies.anomalies is
    'Unusual days among yesterday and today: 0 to 2; null where both have less than 4 weeks of usage before them.';
