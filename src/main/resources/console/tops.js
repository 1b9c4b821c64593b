// Who spends most: the ranked rows of the breakdown API, with share and change.

import { html, nothing } from './lit-html.js';
import { get } from './api.js';
import * as filters from './filters.js';
import * as format from './format.js';
import { text } from './messages.js';
import { changeOf } from './parts.js';
import { SPLITS } from './view.js';

const TOP = 10;
const ALL = 1000;

/** The table's name among those that show all rows. */
const idOf = split => `top-${split}`;
const isExpanded = (view, split) => view.open.includes(idOf(split));

/** What the breakdown is asked for: a named range is compared with the same part of the one before. */
const rangeAsked = (view, range) => (view.range === 'own'
  ? { start: new Date(range.start).toISOString(), end: new Date(range.end).toISOString() }
  : { period: view.range });

/** The answer for each split. An organisation that shows no figures by user gets the refusal in place of that answer. */
export async function load(view, range, signal) {
  const ask = by => get(`orgs/${view.org}/breakdown`,
    { ...rangeAsked(view, range), timeZone: view.zone, ...filters.asked(view), by, limit: isExpanded(view, by) ? ALL : TOP }, signal);
  const users = ask('user').catch(fault => {
    if (fault.status !== 403) throw fault;
    return { fault };
  });
  const answers = await Promise.all([ask('model'), ask('client'), users]);
  return Object.fromEntries(SPLITS.map((split, i) => [split, answers[i]]));
}

export const nameOf = (split, { key, name }) => name ?? key ?? text.top.nobody[split];

export const page = app => html`<div class="tops">${SPLITS.map(split => card(split, app))}</div>`;

function card(split, app) {
  const answer = app.data.tops[split];
  return html`
    <section class="card" id=${`top-${split}`} aria-labelledby=${`title-top-${split}`}>
      <h2 id=${`title-top-${split}`}>${text.top[split]}</h2>
      ${answer.fault ? refused(answer.fault) : table(split, answer, app)}
    </section>`;
}

const refused = fault => html`<p class="refused">${text.top.usersOff}</p><p class="note">${fault.detail}</p>`;

function table(split, answer, app) {
  const { rows, rest } = answer;
  const all = isExpanded(app.view, split);
  const toggle = () => {
    app.open(idOf(split), !all);
    app.reload();
  };
  const columns = ['name', 'spend', 'share', 'change', 'invocations', 'tokens', 'errorRate', 'unpriced'];
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${text.top[split]}>
      <table>
        <thead><tr>${columns.map(column => html`<th scope="col">${text.top[column]}</th>`)}</tr></thead>
        <tbody>
          ${rows.map(one => row(one, nameOf(split, one), answer))}
          ${rest.invocations ? row({ ...rest, key: 'rest' }, text.top.rest, answer) : nothing}
        </tbody>
      </table>
    </div>
    ${all || answer.nextCursor
      ? html`<button type="button" class="quiet" @click=${toggle}>${all ? text.top.fewer : text.top.more}</button>` : nothing}
    <p class="note">${compared(answer, app.view.zone)}
      ${!answer.previous.partial && rows.some(one => one.invocations && !isComparable(one)) ? text.top.incomplete : nothing}</p>
    ${split === 'user' && rows.some(one => one.key && !one.name) ? html`<p class="note">${text.top.ids}</p>` : nothing}`;
}

function compared({ previous, start, end }, zone) {
  if (previous.partial) return text.figures.notKept;
  return text.figures.compared(
    ...[start, end, previous.start, previous.end].map(instant => format.dateTime(Date.parse(instant), zone)));
}

function row(one, name, answer) {
  const { key, cost, share, invocations, inputTokens, outputTokens, errorRate, unpricedInvocations } = one;
  return html`
    <tr data-key=${key ?? ''}>
      <th scope="row">${name}</th>
      <td><data value=${cost?.amount ?? ''}>${cost ? format.money(cost.amount, cost.currency) : text.none}</data></td>
      <td>${share === null ? text.none : html`<meter min="0" max="1" value=${share} aria-hidden="true"></meter> ${format.percent(share)}`}</td>
      <td>${change(one, answer.previous)}</td>
      <td><data value=${invocations}>${format.count(invocations)}</data></td>
      <td>${format.compact(inputTokens + outputTokens)}</td>
      <td>${format.percent(errorRate)}</td>
      <td>${unpricedInvocations ? format.count(unpricedInvocations) : text.none}</td>
    </tr>`;
}

/** Costs that lack prices are not comparable. */
const isComparable = ({ costComplete, previous }) => costComplete && previous.costComplete;

function change(row, { partial }) {
  const { cost, previous: before } = row;
  if (partial || !isComparable(row)) return text.none;
  if (before.invocations === 0) return text.top.fresh;
  return changeOf(Number(cost.amount), Number(before.cost.amount))?.label ?? text.none;
}
