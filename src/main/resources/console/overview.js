// What was used and what it cost.

import { html } from './lit-html.js';
import { get } from './api.js';
import * as filters from './filters.js';
import * as format from './format.js';
import { text } from './messages.js';
import * as outlook from './outlook.js';
import { changeOf, chartCard, empty, figure, freshness, pointsOf } from './parts.js';
import { MEASURES, SHOWN, groupsOf, stackOf, startsOf, tokenClasses } from './series.js';
import { bucketEnd, granularityOf, rangeOf } from './time.js';
import * as tops from './tops.js';

const window = (start, end) => ({ start: new Date(start).toISOString(), end: new Date(end).toISOString() });

export async function load(view, now, signal) {
  const range = rangeOf(view.range, view.zone, now, view);
  const granularity = granularityOf(view.granularity, range);
  const path = `orgs/${view.org}/usage`;
  const asked = { ...window(range.start, range.end), granularity, timeZone: view.zone, ...filters.asked(view) };
  const totals = (start, end) =>
    (start < end ? get(path, { ...window(start, end), granularity: 'total', timeZone: view.zone, ...filters.asked(view) }, signal) : null);
  const [whole, ranked, before, until, expected] = await Promise.all([
    get(path, { ...asked, fill: 'zero' }, signal),
    tops.load(view, range, signal),
    totals(range.before.start, range.before.end),
    range.running ? totals(range.start, range.until) : null,
    outlook.load(view, signal, filters.asked(view)),
    filters.load(view, signal),
  ]);
  return {
    range, granularity, path, asked, now, before, whole, expected, tops: ranked,
    compared: range.running ? until?.totals : whole.totals,
    stacked: await stacked(splitOf(view, ranked), ranked, asked, parameters => get(path, parameters, signal)),
  };
}

/** What the charts are split by: an organisation may show no figures by user. */
const splitOf = ({ split }, ranked) => (ranked[split].fault ? 'model' : split);

/** The groups that a chart stacks in addition to all others: the most expensive ones. A point per model, client or user would be far more. */
async function stacked(split, ranked, { withoutClient, ...asked }, ask) {
  const shown = ranked[split].rows.filter(row => row.key).slice(0, SHOWN);
  if (shown.length === 0) return [];
  const id = `${split}Id`;
  const { series } = await ask({
    ...asked, ...(split !== 'client' && withoutClient && { withoutClient }), groupBy: split, [id]: filters.listed(shown.map(row => row.key)),
  });
  return groupsOf(series, shown, point => point[id], row => tops.nameOf(split, row));
}

export function page(app) {
  const { view, data } = app;
  const { totals } = data.whole;
  if (totals.invocations === 0) {
    return html`${freshness(data.whole.freshness)}${empty(text.empty.usage, text.empty.usageHelp)}`;
  }
  return html`
    ${freshness(data.whole.freshness)}
    <div class="figures">${figures(totals, data)}</div>
    <p class="note" id="compared">${comparison(data, view.zone)}</p>
    ${outlook.card(data.expected, view.zone)}
    <div class="charts">${charts(app)}</div>
    ${tops.page(app)}`;
}

/** The totals of the period before, if a comparison with them is fair. */
function comparable({ before, compared, range }) {
  return before && compared && before.totals.invocations > 0 && Date.parse(before.availableFrom) <= range.before.start
    ? before.totals : null;
}

function comparison(data, zone) {
  const { before, range } = data;
  if (!before) return text.figures.tooEarly;
  if (Date.parse(before.availableFrom) > range.before.start) return text.figures.notKept;
  if (before.totals.invocations === 0) return text.figures.nothingBefore;
  return text.figures.compared(
    ...[range.start, range.until, range.before.start, range.before.end].map(millis => format.dateTime(millis, zone)));
}

const tokens = sums => sums.inputTokens + sums.outputTokens;
const errorRate = sums => (sums.invocations ? sums.errors / sums.invocations : 0);

function figures(totals, data) {
  const before = comparable(data);
  const now = data.compared;
  const running = data.range.running ? [text.figures.running] : [];
  const priced = before && now.costComplete && before.costComplete;
  const change = of => before && changeOf(of(now), of(before));
  return [
    figure({
      id: 'spend', label: text.figures.spend, exact: totals.cost?.amount ?? '',
      value: totals.cost ? format.money(totals.cost.amount, totals.cost.currency) : text.none,
      change: priced ? change(MEASURES.cost) : before && { label: text.figures.notComparable },
      notes: [...running, ...unpriced(totals)],
    }),
    figure({
      id: 'invocations', label: text.figures.invocations, exact: totals.invocations, value: format.count(totals.invocations),
      change: change(MEASURES.invocations), notes: running,
    }),
    figure({
      id: 'tokens', label: text.figures.tokens, exact: tokens(totals), value: format.compact(tokens(totals)),
      change: change(tokens), notes: [format.count(tokens(totals)), ...running],
    }),
    figure({
      id: 'errorRate', label: text.figures.errorRate, exact: errorRate(totals), value: format.percent(errorRate(totals)),
      change: before && pointsOf(errorRate(now), errorRate(before)), notes: [failed(totals), ...running],
    }),
  ];
}

function unpriced({ cost, costComplete, unpricedInvocations, invocations }) {
  if (costComplete) return [];
  return [cost ? text.figures.unpriced(format.count(unpricedInvocations), format.count(invocations)) : text.figures.noPrice];
}

export const failed = ({ errors, invocations }) =>
  errors ? text.figures.failed(format.count(errors), format.count(invocations)) : text.figures.noErrors;

/** Which buckets are cut by the range, or still run. Where the next one begins within the range, this one has ended by then. */
export const partialOf = (starts, { range, granularity }, zone) => starts.map((start, i) =>
  start < range.start || (!(starts[i + 1] <= range.end) && bucketEnd(start, granularity, zone) > range.end));

function charts(app) {
  const { view, data } = app;
  const starts = startsOf(data.whole.series);
  const base = {
    kind: 'bars',
    labels: format.bucketLabels(starts, data.granularity, view.zone),
    partial: partialOf(starts, data, view.zone),
  };
  const notes = [
    ...(base.partial.some(Boolean) ? [text.charts.partial] : []),
    ...(data.tops[view.split].fault ? [text.charts.usersOff] : []),
  ];
  const csv = { path: data.path, parameters: { ...data.asked, groupBy: splitOf(view, data.tops) } };
  const counted = { format: format.count, axis: format.compact, whole: true };
  const card = (id, series, formats, further = []) => chartCard({
    id, title: text.charts[id], notes: [...notes, ...further], spec: { ...base, series, ...formats },
    table: { totals: true }, csv, app,
  });
  return [
    card('spend', stackOf(data.whole.series, data.stacked, starts, 'cost'), { format: format.money, axis: format.compactMoney }, unpriced(data.whole.totals)),
    card('invocations', stackOf(data.whole.series, data.stacked, starts, 'invocations'), counted),
    card('tokens', tokenClasses(data.whole.series, starts), counted),
  ];
}
