// What is expected of the running month, and which days cost unusually much or little.

import { html, nothing } from './lit-html.js';
import { get } from './api.js';
import * as format from './format.js';
import { text } from './messages.js';

const DAYS_SHOWN = 5;

/** Of the whole organisation, or of chosen models and clients. A part that cannot be read is null, so that it does not hide the figures. */
export async function load(view, signal, chosen = {}) {
  const asked = (what, parameters) =>
    get(`orgs/${view.org}/${what}`, { timeZone: view.zone, ...parameters, ...chosen }, signal).catch(fault => {
      if (fault.status === undefined) throw fault;
      return null;
    });
  const [forecast, unusual] = await Promise.all([
    asked('forecast', { period: 'month-to-date' }),
    asked('anomalies', { period: 'last-30-days' }),
  ]);
  return { forecast, unusual };
}

export const card = ({ forecast, unusual }, zone) => html`
  <section class="card" id="outlook" aria-labelledby="title-outlook">
    <h2 id="title-outlook">${text.outlook.heading}</h2>
    ${forecast ? expected(forecast) : html`<p>${text.outlook.unreadable}</p>`}
    ${unusual ? days(unusual, zone) : nothing}
  </section>`;

function expected({ expected: total, range, spent, costComplete, reason }) {
  if (!total) return html`<p id="forecast">${text.outlook.none(reason)}</p>`;
  const money = cost => format.money(cost.amount, cost.currency);
  return html`
    <p id="forecast"><data value=${total.amount}>${text.outlook.expected(money(total))}</data>
      ${text.outlook.between(money(range.low), money(range.high), range.probabilityPercent, money(spent))}</p>
    ${costComplete ? nothing : html`<p class="note">${text.outlook.incomplete}</p>`}`;
}

function days({ anomalies, judged, judgedFrom, reason }, zone) {
  if (judged === 'none') return html`<p class="note" id="unusual">${text.outlook.notJudged(reason)}</p>`;
  const from = judged === 'part' ? format.date(Date.parse(judgedFrom), zone) : null;
  return html`${found(anomalies, from, zone)}
    ${from ? html`<p class="note">${text.outlook.partlyJudged(from, reason)}</p>` : nothing}`;
}

function found(anomalies, from, zone) {
  const shown = anomalies.filter(one => one.by === 'org').slice(0, DAYS_SHOWN);
  if (shown.length === 0) return html`<p class="note" id="unusual">${from ? text.outlook.usualSince(from) : text.outlook.usual}</p>`;
  return html`<ul id="unusual">${shown.map(one => html`<li>${day(one, zone)}</li>`)}</ul>`;
}

function day({ bucketStart, cost, expected: usual, contributors }, zone) {
  const money = one => format.money(one.amount, one.currency);
  const names = (contributors ?? []).slice(0, DAYS_SHOWN).map(one => one.name ?? (one.key || text.top.nobody.client));
  return text.outlook.unusual(
    format.date(Date.parse(bucketStart), zone), money(cost), money(usual), names.join(', '));
}
