// What may be spent, what the month is expected to cost, and usage that has no price yet.

import { html, nothing } from './lit-html.js';
import * as api from './api.js';
import * as budgets from './budgets.js';
import * as format from './format.js';
import { text } from './messages.js';
import * as outlook from './outlook.js';
import * as prices from './prices.js';
import { DAY } from './time.js';

const PERIOD = 'last-30-days';
const ROWS_MAX = 1000;

export async function load(view, now, signal) {
  const path = `orgs/${view.org}`;
  const [expected, limits, models, book, used] = await Promise.all([
    outlook.load(view, signal),
    budgets.load(view, signal),
    api.get(`${path}/models`, {}, signal),
    prices.load(view, signal),
    api.get(`${path}/breakdown`, { by: 'model', period: PERIOD, timeZone: 'UTC', compare: 'none', limit: ROWS_MAX }, signal),
  ]);
  return {
    expected, ...limits, used, prices: book, notes: {}, faults: {},
    models: new Map(models.models.map(model => [model.modelId, model.name])),
  };
}

export const page = app => html`
  ${outlook.card(app.data.expected, app.view.zone)}
  ${budgets.page(app)}
  ${unpriced(app.data)}
  ${prices.card(app)}`;

function unpriced({ used }) {
  const words = text.unpriced;
  const rows = used.rows.filter(row => row.unpricedInvocations > 0);
  return html`
    <section class="card" id="unpriced" aria-labelledby="title-unpriced">
      <h2 id="title-unpriced">${words.heading}</h2>
      ${rows.length === 0 ? html`<p>${used.totals.invocations ? words.none : words.noUsage}</p>` : html`
        <p>${words.lead}</p>
        <ul class="todo">${rows.map(row => todo(row, used))}</ul>
        ${used.nextCursor ? html`<p class="note">${words.further}</p>` : nothing}
        <p>${words.then}</p>
        <code>${words.reprice(dayOf(used.start), dayOf(Date.parse(used.end) + DAY))}</code>
        <p class="note">${words.who}</p>`}
    </section>`;
}

const todo = ({ key, name, invocations, unpricedInvocations }, { start }) => html`
  <li data-key=${key}>${text.unpriced.model(name ?? key, format.count(unpricedInvocations), format.count(invocations))}
    <code>${text.unpriced.add(key, dayOf(start))}</code></li>`;

/** The day of UTC in which an instant lies, as commands take it. */
const dayOf = instant => new Date(instant).toISOString().slice(0, 10);
