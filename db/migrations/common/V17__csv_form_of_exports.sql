-- How the file of an export is written, where the request says so.

alter table analytics.export_jobs add column csv jsonb;

comment on column analytics.export_jobs.csv is
    'How a file of format csv is written: delimiter, decimalMark, bom and textNames; null means the default';
