// Which days of the providers' bills are imported, by which runs, and what the providers have changed since.

import { html, nothing } from './lit-html.js';
import { get, orFault } from './api.js';
import * as format from './format.js';
import { text } from './messages.js';
import { cardOf } from './parts.js';

/** Bills come by UTC day. */
const ZONE = 'UTC';
const DAYS_PER_PAGE = 200;
const RUNS = 10;
const CORRECTIONS = 20;

export async function load(asked, signal) {
  const [days, runs, corrected] = await Promise.all([
    allDays(asked, signal),
    get('provider-imports/runs', { limit: RUNS }, signal),
    get('provider-imports/corrections', { ...asked, limit: CORRECTIONS }, signal),
  ].map(orFault));
  return { days, runs, corrected };
}

/** The range has at most 400 days, so there are at most three pages. */
async function allDays(asked, signal) {
  const days = [];
  let cursor = null;
  do {
    const page = await get('provider-imports', { ...asked, limit: DAYS_PER_PAGE, ...(cursor && { cursor }) }, signal);
    days.push(...page.days);
    cursor = page.nextCursor;
  } while (cursor);
  return days;
}

export const cards = (imports, app) => html`
  ${cardOf('calendar', text.imports.calendar, imports.days, app, calendar)}
  ${cardOf('runs', text.imports.runs, imports.runs, app, runs)}
  ${cardOf('corrections', text.imports.corrections, imports.corrected, app, corrections)}`;

const onDay = day => format.date(Date.parse(day), ZONE);
const providerOf = name => text.imports.providers[name] ?? name;

/** One row per day, one column per provider and organisation; each cell is a word. */
function calendar(days) {
  const words = text.imports;
  const columns = new Map();
  const rows = new Map();
  for (const one of days) {
    const column = `${one.provider} ${one.organizationId}`;
    columns.set(column, one);
    if (!rows.has(one.day)) rows.set(one.day, new Map());
    rows.get(one.day).set(column, one);
  }
  const sorted = [...columns].sort(([a], [b]) => a.localeCompare(b));
  const counts = new Map();
  for (const { status } of days) counts.set(status, (counts.get(status) ?? 0) + 1);
  return html`
    <section class="card" id="calendar" aria-labelledby="title-calendar">
      <h2 id="title-calendar">${words.calendar}</h2>
      ${days.length === 0 ? html`<p>${words.noDays}</p>` : html`
        <p>${[...counts].map(([status, count]) => words.counted(words.states[status], format.count(count))).join(' · ')}</p>
        <div class="scroll" tabindex="0" role="region" aria-label=${words.calendar}>
          <table class="words">
            <thead><tr><th scope="col">${words.day}</th>
              ${sorted.map(([, one]) => html`<th scope="col">${providerOf(one.provider)}
                <span class="note">${one.organizationId}</span></th>`)}</tr></thead>
            <tbody>${[...rows].map(([day, cells]) => html`
              <tr data-key=${day}><th scope="row">${onDay(day)}</th>
                ${sorted.map(([column]) => cell(cells.get(column)))}</tr>`)}</tbody>
          </table>
        </div>
        <p class="note">${words.help}</p>`}
    </section>`;
}

function cell(one) {
  const words = text.imports;
  if (!one) return html`<td>${text.none}</td>`;
  const attention = one.datasets.filter(({ status }) => status !== 'imported' && status !== 'restated');
  return html`
    <td class="import" data-status=${one.status}>${words.states[one.status]}
      <span class="note">${words.finality[one.finality]}${one.refreshedAt
        ? words.read(format.dateTime(Date.parse(one.refreshedAt), ZONE)) : nothing}</span>
      ${attention.map(({ dataset, status, errorCode, revision }) => html`
        <span class="note">${words.dataset(dataset, words.states[status], errorCode, revision > 0)}</span>`)}</td>`;
}

function runs({ runs: found }) {
  const words = text.imports;
  const columns = ['began', 'provider', 'kind', 'days', 'outcome', 'by'];
  return html`
    <section class="card" id="runs" aria-labelledby="title-runs">
      <h2 id="title-runs">${words.runs}</h2>
      ${found.length === 0 ? html`<p>${words.noRuns}</p>` : html`
        <div class="scroll" tabindex="0" role="region" aria-label=${words.runs}>
          <table class="words">
            <thead><tr>${columns.map(column => html`<th scope="col">${words[column]}</th>`)}</tr></thead>
            <tbody>${found.map(run => html`
              <tr data-key=${run.runId}><th scope="row">${format.dateTime(Date.parse(run.startedAt), ZONE)}</th>
                <td>${providerOf(run.provider)}</td><td>${words.kinds[run.kind]}</td>
                <td>${run.from === run.to ? onDay(run.from) : `${onDay(run.from)} – ${onDay(run.to)}`}</td>
                <td>${words.outcomes[run.status]}
                  <span class="note">${words.imported(format.count(run.daysImported), format.count(run.daysNotImported))}</span></td>
                <td>${run.requestedBy}</td></tr>`)}</tbody>
          </table>
        </div>`}
    </section>`;
}

function corrections({ corrections: found, nextCursor }) {
  const words = text.imports;
  const money = cost => (cost === null ? text.none : html`<data value=${cost.amount}>${format.money(cost.amount, cost.currency)}</data>`);
  return html`
    <section class="card" id="corrections" aria-labelledby="title-corrections">
      <h2 id="title-corrections">${words.corrections}</h2>
      ${found.length === 0 ? html`<p>${words.noCorrections}</p>` : html`
        <div class="scroll" tabindex="0" role="region" aria-label=${words.corrections}>
          <table>
            <thead><tr>${['day', 'provider', 'before', 'after', 'difference', 'corrected'].map(name =>
              html`<th scope="col">${words[name]}</th>`)}</tr></thead>
            <tbody>${found.map(one => html`
              <tr><th scope="row">${onDay(one.day)}</th><td>${providerOf(one.provider)}</td>
                <td>${money(one.before)}</td><td>${money(one.after)}</td><td>${money(one.difference)}</td>
                <td>${format.dateTime(Date.parse(one.correctedAt), ZONE)}</td></tr>`)}</tbody>
          </table>
        </div>
        ${nextCursor ? html`<p class="note">${words.newest(format.count(found.length))}</p>` : nothing}`}
    </section>`;
}
