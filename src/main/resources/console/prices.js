// The price book for system administrators: what was added, and a form that shows what a price would change before it is added.

import { html, nothing } from './lit-html.js';
import * as api from './api.js';
import * as format from './format.js';
import { text } from './messages.js';
import { choice, day, field, refusal } from './parts.js';
import { ofSession } from './session.js';
import { DAY } from './time.js';

const ID = 'prices';
const ZONE = 'UTC';
const PAGE_LENGTH = 50;
const AMOUNTS = ['inputUsd', 'outputUsd', 'cacheReadUsd', 'cacheWriteUsd', 'cacheWrite1hUsd'];
const NEEDED = ['inputUsd', 'outputUsd'];
const SCOPES = ['serviceTier', 'contextWindow'];
const AMOUNT = '[0-9]{1,9}(\\.[0-9]{1,12})?';

const empty = () => ({ modelId: '', validFrom: '', ...Object.fromEntries([...AMOUNTS, ...SCOPES, 'reason'].map(name => [name, ''])) });
/** The preview is what the price of the form would change; null once the form is changed. */
const mine = ofSession(() => ({ form: empty(), preview: null }));

/** The book is asked for when the card is opened: most viewers of the page may not see it. */
const isOpened = view => view.open.includes(ID);

export async function load(view, signal) {
  mine.preview = null;
  if (!isOpened(view)) return null;
  try {
    return await api.get('prices', { limit: PAGE_LENGTH }, signal);
  } catch (fault) {
    if (fault.status !== 403) throw fault;
    return { fault };
  }
}

export function card(app) {
  const words = text.prices;
  const { prices, notes, faults } = app.data;
  const opened = isOpened(app.view);
  const toggle = event => {
    if (!app.open(ID, event.target.open) || !isOpened(app.view)) return;
    const { view } = app;
    app.attempt(async () => {
      const seen = await load(view);
      app.show(view, data => ({ ...data, prices: seen }));
    });
  };
  return html`
    <section class="card" id="prices" aria-labelledby="title-prices">
      <h2 id="title-prices">${words.heading}</h2>
      <details ?open=${opened} @toggle=${toggle}>
        <summary>${words.open}</summary>
        ${!opened ? nothing : !prices ? html`<p role="status">${text.loading}</p>`
          : prices.fault ? refusal(prices.fault) : html`
          ${prices.prices.length ? table(app) : html`<p>${words.none}</p>`}
          <p class="note" role="status" id="price-done">${notes.prices ?? ''}</p>
          ${notes.reprice ? html`<p>${words.then}</p><code>${notes.reprice}</code>` : nothing}
          ${notes.uncompared ? html`<p class="note">${notes.uncompared} ${words.look}</p>` : nothing}
          ${editor(app)}
          ${faults.prices ? refusal(faults.prices) : nothing}
          ${mine.preview ? effect(app) : nothing}`}
      </details>
    </section>`;
}

const nameOf = (modelId, name, app) => name ?? app.data.models.get(modelId) ?? modelId;
const onDay = instant => (instant.endsWith('T00:00:00Z') ? format.date : format.dateTime)(Date.parse(instant), ZONE);

function table(app) {
  const words = text.prices;
  const { prices } = app.data;
  const older = () => app.attempt(async () => {
    const next = await api.get('prices', { limit: PAGE_LENGTH, cursor: prices.nextCursor });
    app.show(app.view, data => ({
      ...data, prices: { prices: [...data.prices.prices, ...next.prices], nextCursor: next.nextCursor },
    }));
  });
  return html`
    <p>${words.lead}</p>
    <div class="scroll" tabindex="0" role="region" aria-label=${words.heading}>
      <table>
        <thead><tr><th scope="col">${words.model}</th><th scope="col">${words.from}</th>
          ${AMOUNTS.map(name => html`<th scope="col">${words.short[name]}</th>`)}
          <th scope="col">${words.added}</th></tr></thead>
        <tbody>${prices.prices.map(entry => html`
          <tr data-key=${entry.modelId} data-version=${entry.version}>
            <th scope="row">${nameOf(entry.modelId, entry.modelName, app)}
              ${SCOPES.filter(name => entry[name]).map(name => html`<span class="note">${words.only(words[name], entry[name])}</span>`)}</th>
            <td>${onDay(entry.validFrom)}</td>
            ${AMOUNTS.map(name => html`<td>${entry[name] === null ? text.none
              : html`<data value=${entry[name]}>${format.exact(entry[name])}</data>`}</td>`)}
            <td>${words.by(entry.addedBy, format.dateTime(Date.parse(entry.addedAt), app.view.zone))}
              ${entry.reason ? html`<span class="note">${entry.reason}</span>` : nothing}</td>
          </tr>`)}</tbody>
      </table>
    </div>
    ${prices.nextCursor ? html`<button type="button" class="quiet" @click=${older}>${words.older}</button>` : nothing}`;
}

function editor(app) {
  const words = text.prices;
  const set = name => value => {
    mine.form[name] = value;
    mine.preview = null;
    app.draw();
  };
  const models = [['', words.choose], ...app.data.models];
  mine.form.validFrom ||= dayOf(Date.now());
  return html`
    <form id="price" aria-labelledby="title-price" @submit=${event => look(event, app)}>
      <h3 id="title-price">${words.add}</h3>
      <div class="controls">
        ${choice('price-known', words.known, models, app.data.models.has(mine.form.modelId) ? mine.form.modelId : '', set('modelId'))}
        ${field({ id: 'price-model', label: words.id, value: mine.form.modelId, set: set('modelId'), title: text.names.idRule,
          pattern: '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}' })}
        ${day('price-from', words.validFrom, mine.form.validFrom, set('validFrom'))}
        ${AMOUNTS.map(name => field({
          id: `price-${name}`, label: words[name], value: mine.form[name], set: set(name), pattern: AMOUNT, title: words.amountRule,
          required: NEEDED.includes(name),
        }))}
        ${SCOPES.map(name => field({ id: `price-${name}`, label: words[name], value: mine.form[name], set: set(name), required: false }))}
        ${field({ id: 'price-reason', label: words.reason, value: mine.form.reason, set: set('reason'), required: false })}
        <button type="submit" class="primary">${words.preview}</button>
      </div>
      <p class="note">${words.rules}</p>
    </form>`;
}

/** What is left empty is not sent: such usage stays without a price. */
const bodyOf = () => Object.fromEntries(Object.entries(mine.form).filter(([, value]) => value !== ''));

async function look(event, app) {
  event.preventDefault();
  const body = bodyOf();
  const { view } = app;
  try {
    const seen = await api.post('prices/preview', body);
    app.show(view, data => {
      mine.preview = { body, seen };
      return { ...data, notes: {}, faults: {} };
    });
  } catch (fault) {
    if (!fault.status || fault.status === 401) return app.fail(fault);
    app.show(view, data => ({ ...data, notes: {}, faults: { prices: fault } }));
  }
}

/** Whether the price holds from before the first time that was compared. */
const isOlder = ({ body, seen }) => Date.parse(body.validFrom) < Date.parse(seen.start);

const uncompared = ({ body, seen }) =>
  text.prices.uncompared(...[body.validFrom, seen.start].map(time => format.dateTime(Date.parse(time), ZONE)));

/** What would change, and the button that adds the price. */
function effect(app) {
  const words = text.prices;
  const looked = mine.preview;
  const { body, seen } = looked;
  const { totals } = seen;
  const add = () => app.change('prices', async notes => {
    const entry = await api.post('prices', body);
    if (seen.days.length || isOlder(looked)) {
      const from = isOlder(looked) ? body.validFrom : seen.days[0].day;
      notes.reprice = text.unpriced.reprice(from, dayOf(Date.parse(seen.days.at(-1)?.day ?? seen.start) + DAY));
      if (isOlder(looked)) notes.uncompared = uncompared(looked);
    }
    mine.form = empty();
    return words.saved(nameOf(entry.modelId, entry.modelName, app), onDay(entry.validFrom));
  });
  const money = ({ amount, currency }) => html`<data value=${amount}>${format.money(amount, currency)}</data>`;
  // What has no price is not free.
  const shown = (cost, unpriced, { events }) => (unpriced === events ? text.none : money(cost));
  return html`
    <div id="effect" role="region" aria-labelledby="title-effect">
      <h3 id="title-effect">${words.effect}</h3>
      ${seen.days.length === 0 ? html`<p>${words.nothing}</p>` : html`
        <p>${words.changes(format.count(totals.events), format.money(totals.before.amount), format.money(totals.after.amount))}
          ${totals.unpricedBefore || totals.unpricedAfter
            ? words.priced(format.count(totals.unpricedBefore), format.count(totals.unpricedAfter)) : nothing}</p>
        <div class="scroll" tabindex="0" role="region" aria-label=${words.effect}>
          <table>
            <thead><tr>${['day', 'events', 'before', 'after', 'difference'].map(name => html`<th scope="col">${words[name]}</th>`)}</tr></thead>
            <tbody>${seen.days.map(one => html`
              <tr><th scope="row">${format.date(Date.parse(one.day), ZONE)}</th><td>${format.count(one.events)}</td>
                <td>${shown(one.before, one.unpricedBefore, one)}</td><td>${shown(one.after, one.unpricedAfter, one)}</td>
                <td>${money(one.difference)}</td></tr>`)}</tbody>
          </table>
        </div>`}
      <p class="note">${words.compared(format.dateTime(Date.parse(seen.start), ZONE), format.dateTime(Date.parse(seen.end), ZONE))}
        ${isOlder(looked) ? uncompared(looked) : nothing}</p>
      <button type="button" class="primary" id="price-add" @click=${add}>${words.apply}</button>
    </div>`;
}

const dayOf = millis => new Date(millis).toISOString().slice(0, 10);
