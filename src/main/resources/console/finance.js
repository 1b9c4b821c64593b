// Files for finance: ask for one, follow its progress, download it.

import { html, nothing } from './lit-html.js';
import * as api from './api.js';
import * as format from './format.js';
import { text } from './messages.js';
import { choice, day, empty } from './parts.js';
import { dateText, floorHour, rangeOf } from './time.js';

const PAGE_LENGTH = 20;
const POLL_MILLIS = 2000;

const form = { period: 'last-month', from: '', to: '', granularity: 'daily', format: 'csv' };

const exportsOf = view => `orgs/${view.org}/exports`;

export async function load(view, now, signal) {
  return { now, notice: '', ...(await api.get(exportsOf(view), { limit: PAGE_LENGTH }, signal)) };
}

const isUnfinished = job => job.status === 'pending' || job.status === 'running';

/** When to look again, in milliseconds; nothing while no export is under way. */
export const again = data => (data.jobs.some(isUnfinished) ? POLL_MILLIS : undefined);

/** Asks only for the exports that are under way, so that older pages stay as they are. */
export async function follow(view, data, signal) {
  const jobs = await Promise.all(data.jobs.map(job =>
    (isUnfinished(job) ? api.get(`${exportsOf(view)}/${job.jobId}`, {}, signal) : job)));
  return { ...data, jobs, notice: jobs.some(isUnfinished) ? data.notice : '' };
}

export function page(app) {
  const { data } = app;
  return html`
    ${asking(app)}
    ${data.jobs.length ? past(app) : empty(text.empty.exports, text.empty.exportsHelp)}`;
}

function asking(app) {
  const { view, data } = app;
  const words = text.finance;
  const set = name => value => {
    form[name] = value;
    app.draw();
  };
  const { start, end } = rangeAsked(view, data.now);
  return html`
    <form class="card asking" id="ask" aria-labelledby="title-ask" @submit=${event => submit(event, app)}>
      <h2 id="title-ask">${words.ask}</h2>
      <div class="controls">
        ${choice('ask-period', words.which, Object.entries(words.periods), form.period, set('period'))}
        ${form.period === 'own' ? [
          day('ask-from', text.controls.from, dateText(start, view.zone), set('from')),
          day('ask-to', text.controls.to, dateText(Math.max(start, end - 1), view.zone), set('to')),
        ] : nothing}
        ${choice('ask-granularity', words.granularity, Object.entries(words.granularities), form.granularity, set('granularity'))}
        ${choice('ask-format', words.format, Object.entries(words.formats), form.format, set('format'))}
        <button type="submit" class="primary" ?disabled=${start >= end}>${words.button}</button>
      </div>
      <p class="note">${format.dateTime(start, view.zone)} – ${format.dateTime(Math.max(start, end), view.zone)}. ${words.zone(view.zone)}
        ${start >= end ? words.tooShort : nothing}</p>
      <p class="note" role="status" id="notice">${data.notice}</p>
    </form>`;
}

/** A file must not change: of a range that still runs it gets the full hours. */
function rangeAsked(view, now) {
  const { start, end } = rangeOf(form.period, view.zone, now, form);
  return { start, end: Math.min(end, floorHour(now)) };
}

async function submit(event, app) {
  event.preventDefault();
  const { view } = app;
  const { start, end } = rangeAsked(view, app.data.now);
  await app.attempt(async () => {
    const job = await api.post(exportsOf(view), {
      timeRange: { start: new Date(start).toISOString(), end: new Date(end).toISOString() },
      granularity: form.granularity, format: form.format, timeZone: view.zone,
    });
    app.show(view, data => ({ ...data, jobs: [job, ...data.jobs], notice: text.finance.accepted }));
  });
}

function past(app) {
  const words = text.finance;
  const { view, data } = app;
  const older = () => app.attempt(async () => {
    const next = await api.get(exportsOf(view), { limit: PAGE_LENGTH, cursor: data.nextCursor });
    app.show(view, shown => ({ ...shown, jobs: [...shown.jobs, ...next.jobs], nextCursor: next.nextCursor }));
  });
  const columns = ['period', 'state', 'rows', 'spend', 'file', 'asked'];
  return html`
    <section class="card" id="exports" aria-labelledby="title-exports">
      <h2 id="title-exports">${words.past}</h2>
      <div class="scroll" tabindex="0" role="region" aria-label=${words.past}>
        <table>
          <thead><tr>${columns.map(column => html`<th scope="col">${words[column]}</th>`)}</tr></thead>
          <tbody>${data.jobs.map(job => row(job, app))}</tbody>
        </table>
      </div>
      ${data.nextCursor ? html`<button type="button" class="quiet" @click=${older}>${words.older}</button>` : nothing}
    </section>`;
}

function row(job, app) {
  const words = text.finance;
  const zone = job.timeZone;
  const [start, end] = [job.timeRange.start, job.timeRange.end].map(Date.parse);
  const { totals } = job;
  const spend = totals?.cost ?? (job.billedCostUsd === null ? null : { amount: job.billedCostUsd, currency: 'USD' });
  return html`
    <tr data-key=${job.jobId} data-status=${job.status}>
      <th scope="row">${format.date(start, zone)} – ${format.date(end - 1, zone)}
        <span class="note">${[words.granularities[job.granularity], words.formats[job.format], zone].join(' · ')}</span>
        ${job.monthly ? html`<span class="note">${words.monthly(job.monthly.month, job.monthly.revision)}</span>` : nothing}</th>
      <td>${words.states[job.status]}${detail(job)}</td>
      <td>${job.status === 'pending' ? text.none : format.count(job.rowCount)}</td>
      <td>${spend
        ? html`<data value=${spend.amount}>${format.money(spend.amount, spend.currency)}</data>` : text.none}
        ${totals?.unpricedInvocations ? html`<span class="note">${words.unpriced(format.count(totals.unpricedInvocations))}</span>` : nothing}</td>
      <td>${file(job, app)}</td>
      <td>${words.by(job.initiatedBy, format.dateTime(Date.parse(job.createdAt), zone))}</td>
    </tr>`;
}

function detail(job) {
  const words = text.finance;
  const why = job.error ?? (isUnfinished(job) ? job.lastProblem : null);
  return [
    why ? html`<span class="note">${why}</span>` : nothing,
    isUnfinished(job) && job.tries > 1 ? html`<span class="note">${words.tries(job.tries)}</span>` : nothing,
    job.status === 'succeeded'
      ? html`<span class=${`note ${job.reconciliation?.status ?? ''}`}>${words.reconciled[job.reconciliation?.status] ?? words.unchecked}</span>`
      : nothing,
  ];
}

function file(job, app) {
  const words = text.finance;
  const path = `${exportsOf(app.view)}/${job.jobId}`;
  const cancel = () => app.attempt(async () => {
    const cancelled = await api.cancel(path);
    app.show(app.view, data => ({ ...data, jobs: data.jobs.map(one => (one.jobId === job.jobId ? cancelled : one)), notice: '' }));
  });
  // The signed address is good for a day and needs no credential, so the browser itself fetches it.
  const download = () => app.attempt(async () => location.assign((await api.get(`${path}/download`)).url));
  if (isUnfinished(job)) {
    return html`<button type="button" class="quiet" @click=${cancel}>${words.cancel}</button>`;
  }
  if (job.status !== 'succeeded') return text.none;
  return html`
    <button type="button" @click=${download}>${words.download}</button>
    <span class="note">${[job.sizeBytes === null ? '' : format.bytes(job.sizeBytes),
      words.until(format.date(Date.parse(job.expiresAt), job.timeZone))].filter(Boolean).join(' · ')}</span>
    ${job.checksum ? html`<details><summary>${words.checksum}</summary><code>${job.checksum}</code></details>` : nothing}`;
}
