// What was used and what it cost.

import { html, nothing } from './lit-html.js';
import { get } from './api.js';
import * as format from './format.js';
import { text } from './messages.js';
import * as outlook from './outlook.js';
import { changeOf, chartCard, empty, figure, freshness, pointsOf } from './parts.js';
import { MEASURES, groupsOf, stackOf, startsOf, tokenClasses } from './series.js';
import { bucketEnd, granularityOf, rangeOf } from './time.js';

const TOP = 10;

const window = (start, end) => ({ start: new Date(start).toISOString(), end: new Date(end).toISOString() });

export async function load(view, now, signal) {
  const range = rangeOf(view.range, view.zone, now, view);
  const granularity = granularityOf(view.granularity, range);
  const path = `orgs/${view.org}/usage`;
  const asked = { ...window(range.start, range.end), granularity, timeZone: view.zone };
  const series = groupBy => get(path, { ...asked, groupBy, fill: 'zero' }, signal);
  // Of whole days of UTC only the totals are read, so the zone does not matter.
  const totals = (start, end) => (start < end ? get(path, window(start, end), signal) : null);
  const [byModel, byClient, models, before, until, expected] = await Promise.all([
    series('model'),
    series('client'),
    get(`orgs/${view.org}/models`, {}, signal),
    totals(range.before.start, range.before.end),
    range.running ? totals(range.start, range.until) : null,
    outlook.load(view, signal),
  ]);
  const names = new Map(models.models.map(model => [model.modelId, model.name]));
  return {
    range, granularity, path, asked, now, before, byModel, expected,
    compared: range.running ? until?.totals : byModel.totals,
    groups: {
      model: groupsOf(byModel.series, point => point.modelId, id => names.get(id) ?? id),
      client: groupsOf(byClient.series, point => point.clientId ?? '', id => id || text.top.noClient),
    },
  };
}

export function page(app) {
  const { view, data } = app;
  const { totals } = data.byModel;
  if (totals.invocations === 0) {
    return html`${freshness(data.byModel.freshness)}${empty(text.empty.usage, text.empty.usageHelp)}`;
  }
  return html`
    ${freshness(data.byModel.freshness)}
    <div class="figures">${figures(totals, data)}</div>
    <p class="note" id="compared">${comparison(data, view.zone)}</p>
    ${outlook.card(data.expected, view.zone)}
    <div class="charts">${charts(app)}</div>
    <div class="tops">${top('model', app)}${top('client', app)}</div>`;
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

/** Which buckets are cut by the range, or still run. */
export const partialOf = (starts, { range, granularity }, zone) =>
  starts.map(start => start < range.start || bucketEnd(start, granularity, zone) > range.end);

function charts(app) {
  const { view, data } = app;
  const groups = data.groups[view.split];
  const starts = startsOf(data.byModel.series);
  const base = {
    kind: 'bars',
    labels: format.bucketLabels(starts, data.granularity, view.zone),
    partial: partialOf(starts, data, view.zone),
  };
  const notes = base.partial.some(Boolean) ? [text.charts.partial] : [];
  const csv = { path: data.path, parameters: { ...data.asked, groupBy: view.split } };
  const counted = { format: format.count, axis: format.compact, whole: true };
  const card = (id, series, formats, further = []) => chartCard({
    id, title: text.charts[id], notes: [...notes, ...further], spec: { ...base, series, ...formats },
    table: { totals: true }, csv, app,
  });
  return [
    card('spend', stackOf(groups, starts, 'cost'), { format: format.money, axis: format.compactMoney }, unpriced(data.byModel.totals)),
    card('invocations', stackOf(groups, starts, 'invocations'), counted),
    card('tokens', tokenClasses(data.groups.model, starts), counted),
  ];
}

const expanded = new Set();

function top(split, app) {
  const groups = app.data.groups[split];
  const { cost } = app.data.byModel.totals;
  const all = expanded.has(split);
  const toggle = () => {
    all ? expanded.delete(split) : expanded.add(split);
    app.draw();
  };
  const columns = ['name', 'spend', 'share', 'invocations', 'tokens', 'errorRate', 'unpriced'];
  return html`
    <section class="card" id=${`top-${split}`} aria-labelledby=${`title-top-${split}`}>
      <h2 id=${`title-top-${split}`}>${text.top[split]}</h2>
      <div class="scroll" tabindex="0" role="region" aria-label=${text.top[split]}>
        <table>
          <thead><tr>${columns.map(column => html`<th scope="col">${text.top[column]}</th>`)}</tr></thead>
          <tbody>${groups.slice(0, all ? groups.length : TOP).map(group => row(group, Number(cost?.amount ?? 0)))}</tbody>
        </table>
      </div>
      ${groups.length > TOP
        ? html`<button type="button" class="quiet" @click=${toggle}>${all ? text.top.fewer : text.top.more}</button>` : nothing}
    </section>`;
}

function row(group, total) {
  const share = group.cost !== null && total > 0 ? Number(group.cost) / total : null;
  return html`
    <tr data-key=${group.key}>
      <th scope="row">${group.name}</th>
      <td><data value=${group.cost ?? ''}>${group.cost === null ? text.none : format.money(group.cost)}</data></td>
      <td>${share === null ? text.none : html`<meter min="0" max="1" value=${share} aria-hidden="true"></meter> ${format.percent(share)}`}</td>
      <td><data value=${group.invocations}>${format.count(group.invocations)}</data></td>
      <td>${format.compact(group.tokens)}</td>
      <td>${format.percent(errorRate(group))}</td>
      <td>${group.unpriced ? format.count(group.unpriced) : text.none}</td>
    </tr>`;
}
