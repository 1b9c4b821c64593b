-- Formats of files: billed charges in a version of FOCUS, and usage at estimated cost.

alter table analytics.export_jobs drop constraint export_jobs_format_check;
alter table analytics.export_jobs add constraint export_jobs_format_check
    check (format in ('csv', 'focus', 'focus-1.4', 'focus-1.2', 'focus-estimate'));
alter table analytics.export_settings drop constraint export_settings_format_check;
alter table analytics.export_settings add constraint export_settings_format_check
    check (format in ('csv', 'focus', 'focus-1.4', 'focus-1.2', 'focus-estimate'));

comment on column analytics.export_jobs.format is
    'csv; focus, focus-1.4 or focus-1.2: billed charges; focus-estimate: usage at estimated cost';
