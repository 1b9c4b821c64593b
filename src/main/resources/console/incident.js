// A window of an incident, dragged over a chart or typed: its summary to copy, and its raw events.

import { html, nothing } from './lit-html.js';
import { getCsv, getMarkdown } from './api.js';
import * as format from './format.js';
import { text } from './messages.js';
import { refusal, saveBlob } from './parts.js';
import { ofSession } from './session.js';
import { bucketEnd, instantOf, minuteText } from './time.js';

const ROWS_MAX = 1_000_000;

/** Instants of the chosen window, and what was answered about it. */
const mine = ofSession(() => ({ chosen: null, answer: {} }));

/** Takes the window of the address; what a viewer drags over or types stands there, too. */
export function restore({ incident }) {
  const [start, end] = incident ? incident.split('/').map(Date.parse) : [];
  mine.chosen = incident ? { start, end } : null;
  mine.answer = {};
}

const minute = millis => `${new Date(millis).toISOString().slice(0, 16)}Z`;

/** Takes the buckets over which the viewer has dragged. */
export function choose(starts, { first, last }, app) {
  const { granularity, range } = app.data;
  const end = Math.min(bucketEnd(starts[last], granularity, app.view.zone), range.end);
  mine.chosen = { start: Math.max(starts[first], range.start), end };
  mine.answer = {};
  app.draw();
  summarise(app);
}

export function card(app) {
  const words = text.incident;
  const { zone } = app.view;
  const set = name => event => {
    mine.chosen = { ...mine.chosen, [name]: instantOf(event.target.value, zone) };
    mine.answer = {};
    app.draw();
  };
  const at = (id, label, name) => html`
    <label class="control" for=${id}><span>${label}</span>
      <input id=${id} type="datetime-local" required .value=${mine.chosen?.[name] ? minuteText(mine.chosen[name], zone) : ''} @change=${set(name)}>
    </label>`;
  const submit = event => {
    event.preventDefault();
    mine.chosen ??= {};
    summarise(app);
  };
  return html`
    <section class="card" id="incident" aria-labelledby="title-incident">
      <h2 id="title-incident">${words.heading}</h2>
      <p>${words.lead}</p>
      <form @submit=${submit} aria-labelledby="title-incident">
        <div class="controls">
          ${at('incident-from', text.controls.from, 'start')}
          ${at('incident-to', words.to, 'end')}
          <button type="submit" class="primary">${words.button}</button>
          <button type="button" id="incident-csv" ?disabled=${!isWindow()} @click=${() => csv(app)}>${words.csv}</button>
        </div>
      </form>
      ${mine.answer.fault ? refusal(mine.answer.fault) : nothing}
      <p class="note" role="status">${mine.answer.note ?? ''}</p>
      ${mine.answer.markdown ? summary(app) : nothing}
    </section>`;
}

const isWindow = () => Boolean(mine.chosen?.start && mine.chosen?.end && mine.chosen.start < mine.chosen.end);

function summary(app) {
  const words = text.incident;
  const copy = async () => {
    const area = document.getElementById('incident-summary');
    area.select();
    // Without a secure origin there is no clipboard; then the text is at least selected.
    await navigator.clipboard?.writeText(area.value);
    mine.answer = { ...mine.answer, note: navigator.clipboard ? words.copied : words.selected };
    app.draw();
  };
  return html`
    <label class="control" for="incident-summary"><span>${words.summary}</span>
      <textarea id="incident-summary" readonly rows="16" .value=${mine.answer.markdown}></textarea></label>
    <button type="button" @click=${copy}>${words.copy}</button>`;
}

const asked = () => ({ start: new Date(mine.chosen.start).toISOString(), end: new Date(mine.chosen.end).toISOString() });

/** Shows the summary of the chosen window, which is part of the address from then on. */
export async function summarise(app) {
  if (!mine.chosen) return;
  if (!isWindow()) {
    mine.answer = { note: text.incident.noWindow };
    return app.draw();
  }
  app.remember({ incident: `${minute(mine.chosen.start)}/${minute(mine.chosen.end)}` });
  return ask(app, async () => ({ markdown: await getMarkdown(`orgs/${app.view.org}/incident-summary`, asked()) }));
}

async function csv(app) {
  await ask(app, async () => {
    const { blob, isCut } = await getCsv(`orgs/${app.view.org}/incident-export`, { ...asked(), limit: ROWS_MAX });
    saveBlob(blob, 'incident.csv');
    return { ...mine.answer, note: isCut ? text.incident.cut(format.count(ROWS_MAX)) : text.incident.saved };
  });
}

/** An answer about a window that is no longer the chosen one is not shown. */
async function ask(app, action) {
  const about = mine.chosen;
  try {
    const found = await action();
    if (about !== mine.chosen) return;
    mine.answer = found;
  } catch (fault) {
    if (!fault.status || fault.status === 401) return app.fail(fault);
    if (about !== mine.chosen) return;
    mine.answer = { fault };
  }
  app.draw();
}
