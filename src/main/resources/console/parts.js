// Pieces of which pages are made. All texts go through lit-html's bindings, which never read them as markup.

import { html, nothing } from './lit-html.js';
import { getCsv } from './api.js';
import * as format from './format.js';
import { text } from './messages.js';

/** A labelled choice; options are [value, name]. */
export const choice = (id, label, options, chosen, choose) => html`
  <label class="control" for=${id}><span>${label}</span>
    <select id=${id} @change=${event => choose(event.target.value)}>
      ${options.map(([value, name]) => html`<option value=${value} .selected=${value === chosen}>${name}</option>`)}
    </select>
  </label>`;

export const day = (id, label, value, choose) => html`
  <label class="control" for=${id}><span>${label}</span>
    <input id=${id} type="date" required .value=${value} @change=${event => choose(event.target.value)}>
  </label>`;

/** A labelled line of text; pattern is what the browser checks before the form is sent, and title says it in words. */
export const field = ({ id, label, value, set, pattern, title, required = true, readonly = false }) => html`
  <label class="control" for=${id}><span>${label}</span>
    <input id=${id} type="text" autocomplete="off" spellcheck="false" ?required=${required} ?readonly=${readonly}
      pattern=${pattern ?? nothing} title=${title ?? nothing} .value=${value} @input=${event => set(event.target.value)}>
  </label>`;

/** A figure with its exact value, how it has changed, and what a reader must know about it. */
export const figure = ({ id, label, value, exact, change, notes = [] }) => html`
  <section class="card figure" id=${`figure-${id}`} aria-label=${label}>
    <h2>${label}</h2>
    <p class="value"><data value=${exact}>${value}</data></p>
    ${change ? html`<p class=${`change ${change.tone ?? ''}`}>${change.label}</p>` : nothing}
    ${notes.map(note => html`<p class="note">${note}</p>`)}
  </section>`;

/** The change from one number to another; null where there is nothing to compare with. */
export function changeOf(now, before, { worse = 'none' } = {}) {
  if (!before) return null;
  const ratio = (now - before) / before;
  return { label: `${arrow(ratio)} ${ratio === 0 ? text.figures.same : format.change(ratio)}`, tone: toneOf(ratio, worse) };
}

export function pointsOf(now, before) {
  const difference = now - before;
  const label = difference === 0 ? text.figures.same : text.figures.points(format.percentagePoints(difference));
  return { label: `${arrow(difference)} ${label}`, tone: toneOf(difference, 'up') };
}

const arrow = value => (value > 0 ? '▲' : value < 0 ? '▼' : '■');
const toneOf = (value, worse) => (worse === 'none' || value === 0 ? '' : value > 0 ? 'bad' : 'good');

/** How complete the figures are, in words, with what that means. */
export function freshness({ status, lagSeconds }) {
  const words = text.freshness;
  const lag = lagSeconds === null ? '' : format.lag(lagSeconds);
  const label = status === 'unknown' ? words.unknown
    : status === 'fresh' ? (lagSeconds ? words.complete(lag) : words.current)
    : words.behind(lag);
  const help = status === 'unknown' ? words.unknownHelp : status === 'fresh' && lagSeconds ? words.nearly : words[status];
  return html`<p class=${`freshness ${status}`} id="freshness"><strong>${label}</strong> <span>${help}</span></p>`;
}

export const loading = () => html`<div class="card state" role="status"><p>${text.loading}</p></div>`;

export const empty = (heading, help) => html`
  <div class="card state" id="empty"><h2>${heading}</h2><p>${help}</p></div>`;

/** What a viewer does next. */
export const nextOf = ({ status }) => text.problems.next[status] ?? text.problems.next[500];

/** What went wrong, in the words of the API, and what to do next. */
export const problem = (fault, retry) => html`
  <div class="card state problem" role="alert" id="problem" data-status=${fault.status}>
    <h2>${fault.status ? fault.title : text.problems.unreachable}</h2>
    ${fault.detail ? html`<p>${fault.detail}</p>` : nothing}
    ${fault.errors.length ? html`<ul>${fault.errors.map(error => html`<li>${error.message}</li>`)}</ul>` : nothing}
    <p>${nextOf(fault)}</p>
    ${fault.traceId ? html`<p class="note">${text.problems.trace(fault.traceId)}</p>` : nothing}
    <button type="button" @click=${retry}>${text.retry}</button>
  </div>`;

/** A card that shows what was asked for, or what went wrong and what to do next; other cards of the page stay. */
export const cardOf = (id, title, data, app, card) => (data.fault ? html`
  <section class="card" id=${id} aria-labelledby=${`title-${id}`}>
    <h2 id=${`title-${id}`}>${title}</h2>
    <div class="notice" role="alert" data-status=${data.fault.status}>
      <p><strong>${data.fault.status ? data.fault.title : text.problems.unreachable}</strong> ${data.fault.detail}</p>
      <p>${nextOf(data.fault)}</p>
      ${data.fault.traceId ? html`<p class="note">${text.problems.trace(data.fault.traceId)}</p>` : nothing}
    </div>
    <button type="button" @click=${app.reload}>${text.retry}</button>
  </section>` : card(data));

/** A refusal next to what was asked for. */
export const refusal = ({ status, title, detail, errors }) => html`
  <div class="notice" role="alert" data-status=${status ?? nothing}>
    <p><strong>${title}</strong> ${detail}</p>
    ${errors.length ? html`<ul>${errors.map(error => html`<li>${error.message}</li>`)}</ul>` : nothing}
    <p>${status === 400 ? text.problems.next.form : nextOf({ status })}</p>
  </div>`;

/** A chart with its table, which is drawn when it is opened, and the rows of the API as CSV. */
export function chartCard({ id, title, notes = [], spec, table, csv, dragged, app }) {
  const opened = app.view.open.includes(id);
  return html`
    <section class="card chart" id=${`chart-${id}`} aria-labelledby=${`title-${id}`}>
      <header><h2 id=${`title-${id}`}>${title}</h2>
        <button type="button" class="quiet" aria-label=${text.charts.csvOf(title)} @click=${() => save(csv, id, app)}>${text.charts.csv}</button>
      </header>
      <usage-chart role="img" aria-label=${title} .spec=${spec} .dragged=${dragged}></usage-chart>
      ${notes.map(note => html`<p class="note">${note}</p>`)}
      <details ?open=${opened} @toggle=${event => app.open(id, event.target.open)}>
        <summary>${text.charts.table}</summary>
        ${opened ? bucketTable(title, spec, table) : nothing}
      </details>
    </section>`;
}

function bucketTable(title, spec, { totals = false, marks = [] } = {}) {
  const cell = value => html`<td>${value === null || value === undefined ? text.none : spec.format(value)}</td>`;
  const summed = i => spec.series.reduce((sum, one) => sum + (one.values[i] ?? 0), 0);
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${title}>
      <table>
        <thead><tr><th scope="col">${text.charts.bucket}</th>
          ${spec.series.map(one => html`<th scope="col">${one.name}</th>`)}
          ${totals ? html`<th scope="col">${text.charts.total}</th>` : nothing}
          ${marks.length ? html`<th scope="col">${text.charts.spikeColumn}</th>` : nothing}</tr></thead>
        <tbody>${spec.labels.map((label, i) => html`
          <tr><th scope="row">${label}${spec.partial[i] ? ` (${text.charts.incomplete})` : ''}</th>
            ${spec.series.map(one => cell(one.values[i]))}
            ${totals ? cell(summed(i)) : nothing}
            ${marks.length ? html`<td>${marks[i] || text.none}</td>` : nothing}</tr>`)}
        </tbody>
      </table>
    </div>`;
}

async function save({ path, parameters }, id, app) {
  try {
    saveBlob((await getCsv(path, parameters)).blob, `${id}.csv`);
  } catch (fault) {
    app.fail(fault);
  }
}

/** Hands a file to the browser's downloads. */
export function saveBlob(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The download has its own hold on the content by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60e3);
}
