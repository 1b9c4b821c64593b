// What the providers bill the whole company, against what the service estimates.

import { html, nothing } from './lit-html.js';
import { get, orFault } from './api.js';
import * as format from './format.js';
import { text } from './messages.js';
import * as imports from './imports.js';
import { cardOf, chartCard, empty, figure } from './parts.js';
import { bucketsOf, rangeOf } from './time.js';

/** Bills come by UTC day, whatever the viewer's zone is. */
const ZONE = 'UTC';

/** A list that a person works off from the top. */
const TODO_MAX = 20;

const SPLIT = ['coverage', 'quantity', 'price', 'unpriced', 'rest'];

export async function load(view, now, signal) {
  const range = rangeOf(view.range, ZONE, now, view);
  const asked = { start: new Date(range.start).toISOString(), end: new Date(range.end).toISOString() };
  const [byDay, compared, imported] = await Promise.all([
    orFault(get('provider-costs', { ...asked, groupBy: ['day', 'platform'] }, signal)),
    orFault(get('reconciliation', { ...asked, groupBy: 'platform' }, signal)),
    imports.load(asked, signal),
  ]);
  const parts = [byDay, compared, ...Object.values(imported)];
  if (parts.every(part => part.fault)) throw byDay.fault;
  return { asked, byDay, compared, imported, todo: null };
}

/** Asks for the list of 400 days once the rest is shown, because it may take long. */
export async function later(app, signal) {
  const { view } = app;
  const todo = await orFault(get('provider-mappings/todo', {}, signal));
  app.show(view, data => ({ ...data, todo }));
}

const money = ({ amount, currency }) => format.money(amount, currency);

export function page(app) {
  const { byDay, compared, imported } = app.data;
  const below = html`${todoCard(app)}${imports.cards(imported, app)}`;
  if (byDay.series?.length === 0 && compared.series?.length === 0) {
    return html`${finality(byDay.finality)}${empty(text.empty.bills, text.empty.billsHelp)}${below}`;
  }
  return html`
    ${byDay.fault ? nothing : finality(byDay.finality)}
    ${compared.fault ? nothing : figures(compared)}
    <div class="charts">
      ${cardOf('chart-billed', text.charts.billed, byDay, app, () => days(app))}
      ${cardOf('chart-waterfall', text.charts.waterfall, compared, app, () => waterfall(app))}
    </div>
    ${cardOf('platforms', text.company.byPlatform, compared, app, platforms)}
    ${below}`;
}

const figures = ({ totals }) => html`
  <div class="figures">
    ${['billed', 'estimate', 'difference'].map(id => figure({
      id, label: text.company[id], exact: totals[id].amount, value: money(totals[id]), notes: [text.company.meaning[id]],
    }))}
  </div>`;

function finality({ status, refreshedAt, revisions, missingDays }) {
  const words = text.company;
  return html`
    <p class=${`freshness ${missingDays ? 'delayed' : ''}`} id="finality"><strong>${words.status[status]}</strong>
      <span>${words.statusHelp[status]}
        ${missingDays ? words.missing(format.count(missingDays)) : words.complete}
        ${refreshedAt ? words.refreshed(format.dateTime(Date.parse(refreshedAt), ZONE)) : nothing}
        ${revisions ? words.revisions(format.count(revisions)) : nothing}</span></p>`;
}

const platformOf = ({ platform }) => text.company.platforms[platform] ?? platform ?? text.company.noPlatform;

function days(app) {
  const { byDay, asked } = app.data;
  const starts = bucketsOf({ start: Date.parse(byDay.start), end: Date.parse(byDay.end) }, 'day', ZONE);
  const place = new Map(starts.map((start, i) => [start, i]));
  const series = new Map();
  for (const row of byDay.series) {
    const name = platformOf(row);
    if (!series.has(name)) series.set(name, new Array(starts.length).fill(0));
    series.get(name)[place.get(Date.parse(row.day))] += Number(row.cost.amount);
  }
  return chartCard({
    id: 'billed', title: text.charts.billed, app, table: { totals: true },
    spec: {
      kind: 'bars', labels: format.bucketLabels(starts, 'day', ZONE), partial: [], format: format.money, axis: format.compactMoney,
      series: [...series].map(([name, values]) => ({ name, values })),
    },
    csv: { path: 'provider-costs', parameters: { ...asked, groupBy: ['day', 'platform'] } },
  });
}

/** From the estimate to the bill, by what explains the difference. */
function waterfall(app) {
  const { compared, asked } = app.data;
  const { estimate, billed, split } = compared.totals;
  const words = text.company;
  return chartCard({
    id: 'waterfall', title: text.charts.waterfall, notes: [words.explained], app,
    spec: {
      kind: 'waterfall', format: format.money, axis: format.compactMoney, partial: [],
      labels: [words.estimate, ...SPLIT.map(part => words.split[part]), words.billed],
      series: [{ name: words.amount, values: [estimate, ...SPLIT.map(part => split[part]), billed].map(cost => Number(cost.amount)) }],
    },
    csv: { path: 'reconciliation', parameters: asked },
  });
}

function platforms({ series }) {
  const words = text.company;
  const columns = ['platform', 'billed', 'estimate', 'difference', 'unpriced'];
  return html`
    <section class="card" id="platforms" aria-labelledby="title-platforms">
      <h2 id="title-platforms">${words.byPlatform}</h2>
      <div class="scroll" tabindex="0" role="region" aria-label=${words.byPlatform}>
        <table>
          <thead><tr>${columns.map(column => html`<th scope="col">${words[column]}</th>`)}</tr></thead>
          <tbody>${series.map(row => html`
            <tr data-key=${row.platform ?? ''}><th scope="row">${platformOf(row)}</th>
              ${['billed', 'estimate', 'difference'].map(id => html`<td><data value=${row[id].amount}>${money(row[id])}</data></td>`)}
              <td>${row.unpricedInvocations ? format.count(row.unpricedInvocations) : text.none}</td></tr>`)}
          </tbody>
        </table>
      </div>
    </section>`;
}

const todoCard = app => (app.data.todo ? cardOf('unmapped', text.company.unmapped, app.data.todo, app, unmapped) : html`
  <section class="card" id="unmapped" aria-labelledby="title-unmapped">
    <h2 id="title-unmapped">${text.company.unmapped}</h2>
    <p role="status">${text.loading}</p>
  </section>`);

/** What is billed and belongs to no user or team yet, of all days: the list of `providers mappings todo`. */
function unmapped({ entries, total }) {
  const words = text.company;
  return html`
    <section class="card" id="unmapped" aria-labelledby="title-unmapped">
      <h2 id="title-unmapped">${words.unmapped}</h2>
      ${total === 0 ? html`<p>${words.allMapped}</p>` : html`
        <p>${words.unmappedLead}</p>
        <ul class="todo">${entries.slice(0, TODO_MAX).map(entry => html`
          <li data-key=${entry.id}><data value=${entry.cost.amount}>${words.todo[entry.kind](money(entry.cost), entry.id, entry.name)}</data>
            <span class="note">${words.seen(onDay(entry.first), onDay(entry.last))}</span>
            <code>${words.map[entry.kind](entry)}</code></li>`)}</ul>
        ${total > TODO_MAX ? html`<p>${words.further(format.count(total - TODO_MAX))}</p><code>${words.todoCommand}</code>` : nothing}
        <p class="note">${words.who}</p>`}
    </section>`;
}

const onDay = day => format.date(Date.parse(day), ZONE);
