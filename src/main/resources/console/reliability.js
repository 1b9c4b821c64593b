// What failed and how long it took.

import { html } from './lit-html.js';
import { get } from './api.js';
import * as filters from './filters.js';
import * as format from './format.js';
import * as incident from './incident.js';
import { text } from './messages.js';
import { failed, partialOf } from './overview.js';
import { chartCard, empty, figure, freshness } from './parts.js';
import { bucketsOf, granularityOf, rangeOf } from './time.js';

/** An incident is found by the hour. A range that still runs is longer than its whole days. */
export const hourlyDays = 8;

const PERCENTILES = ['p50', 'p95', 'p99'];
const STATUSES = ['error', 'timeout', 'throttled'];

/** A format that also takes the lack of a value. */
const known = of => value => (value === null || value === undefined ? text.none : of(value));

export async function load(view, now, signal) {
  incident.restore(view);
  const range = rangeOf(view.range, view.zone, now, view);
  const granularity = granularityOf(view.granularity, range, hourlyDays);
  const path = `orgs/${view.org}/reliability`;
  const asked = {
    start: new Date(range.start).toISOString(), end: new Date(range.end).toISOString(), granularity, timeZone: view.zone, ...filters.asked(view),
  };
  const [answer] = await Promise.all([get(path, asked, signal), filters.load(view, signal)]);
  return { range, granularity, path, asked, answer };
}

export const later = app => incident.summarise(app);

export function page(app) {
  const { answer } = app.data;
  if (answer.totals.invocations === 0) {
    return html`${freshness(answer.freshness)}${empty(text.empty.usage, text.empty.usageHelp)}`;
  }
  return html`
    ${freshness(answer.freshness)}
    <div class="figures">${figures(answer.totals, app.data.range)}</div>
    <div class="charts">${charts(app)}</div>
    ${incident.card(app)}`;
}

function figures(totals, range) {
  const running = range.running ? [text.figures.running] : [];
  return [
    figure({
      id: 'errorRate', label: text.figures.errorRate, exact: totals.errorRate, value: format.percent(totals.errorRate),
      notes: [failed(totals), ...running],
    }),
    latency('latency', totals.latencyMs, [...running]),
    latency('firstToken', totals.timeToFirstTokenMs, [...running]),
    figure({
      id: 'invocations', label: text.figures.invocations, exact: totals.invocations, value: format.count(totals.invocations),
      notes: running,
    }),
  ];
}

const latency = (id, figures, notes) => figure({
  id, label: text.figures[id], exact: figures?.p95 ?? '', value: figures ? format.duration(figures.p95) : text.none,
  notes: figures
    ? [text.figures.percentiles(format.duration(figures.p50), format.duration(figures.p99)), ...notes]
    : [text.figures.notReported],
});

function charts(app) {
  const { view, data } = app;
  // Buckets without invocations are left out of the answer; in a chart they must keep their place.
  const starts = bucketsOf(data.range, data.granularity, view.zone);
  const answered = new Map(data.answer.series.map(point => [Date.parse(point.bucketStart), point]));
  const points = starts.map(start => answered.get(start) ?? {});
  const base = {
    labels: format.bucketLabels(starts, data.granularity, view.zone),
    partial: partialOf(starts, data, view.zone),
  };
  const partial = base.partial.some(Boolean);
  const causes = points.map(point => (point.spikeCauses ?? []).map(cause => text.charts.spike[cause]).join(', '));
  const marked = cause => points.map(point => (point.spikeCauses ?? []).includes(cause));
  const spiked = causes.some(Boolean) ? [text.charts.spikes] : [];
  const csv = { path: data.path, parameters: data.asked };
  const dragged = buckets => incident.choose(starts, buckets, app);
  const lines = (id, series, formats, further = [], table = {}) => chartCard({
    id, title: text.charts[id], notes: [...(partial ? [text.charts.partialPoints] : []), ...further],
    spec: { ...base, kind: 'lines', series, ...formats }, table, csv, dragged, app,
  });
  const percentiles = (of, marks = {}) => PERCENTILES.map(name => (
    { name, values: points.map(point => of(point)?.[name] ?? null), marked: marks[name] }));
  const times = { format: known(format.duration), axis: format.duration };
  return [
    chartCard({
      id: 'errors', title: text.charts.errors, notes: [text.incident.hint, ...(partial ? [text.charts.partial] : [])], csv, dragged, app, table: { totals: true },
      spec: {
        ...base, kind: 'bars', format: format.count, axis: format.compact, whole: true,
        series: STATUSES.map((status, i) => (
          { name: text.statuses[status], values: points.map(point => point.errorsByStatus?.[status] ?? 0), color: ['--series-8', '--series-4', '--series-7'][i] })),
      },
    }),
    lines('errorRate',
      [{ name: text.charts.errorRate, values: points.map(point => point.errorRate ?? null), marked: marked('errorRate'), color: '--series-8' }],
      { format: known(format.percent), axis: format.percent, most: 1 }, spiked, { marks: causes.some(Boolean) ? causes : [] }),
    lines('latency', percentiles(point => point.latencyMs, { p95: marked('p95') }), times, spiked),
    ...(data.answer.totals.timeToFirstTokenMs ? [lines('firstToken', percentiles(point => point.timeToFirstTokenMs), times)] : []),
  ];
}
