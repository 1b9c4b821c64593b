// Budgets of an organisation: their state, what is expected of them, and a form for one.

import { html, nothing } from './lit-html.js';
import * as api from './api.js';
import * as format from './format.js';
import { text } from './messages.js';
import { choice, field, refusal } from './parts.js';
import { ofSession } from './session.js';

/** Each forecast is a request of its own. */
const FORECASTS_MAX = 10;

const RUNNING = { day: 'today', week: 'week-to-date', month: 'month-to-date' };
const EMPTY = { name: '', amount: '', period: 'month', modelId: '', clientId: '', thresholds: '50, 80, 100' };

/** What the form holds; of a budget that is changed also the budget. */
const mine = ofSession(() => ({ form: { ...EMPTY }, changed: null, deleting: null }));

const pathOf = (view, name) => `orgs/${view.org}/budgets${name ? `/${encodeURIComponent(name)}` : ''}`;

export async function load(view, signal) {
  mine.changed = mine.deleting = null;
  mine.form = { ...EMPTY };
  const { budgets } = await api.get(pathOf(view), {}, signal);
  const forecasts = await Promise.all(budgets.slice(0, FORECASTS_MAX).map(budget => forecast(view, budget, signal)));
  return { budgets, forecasts: new Map(budgets.slice(0, FORECASTS_MAX).map((budget, i) => [budget.name, forecasts[i]])) };
}

/** A forecast that cannot be read does not hide the budget. Budgets of a user hold theirs. */
const forecast = (view, { period, timeZone, scope }, signal) =>
  scope.userId || scope.userErased ? null : api.get(`orgs/${view.org}/forecast`, { period: RUNNING[period], timeZone, ...scope }, signal).catch(fault => {
    if (fault.status === undefined) throw fault;
    return null;
  });

export function page(app) {
  const words = text.budgets;
  const { budgets } = app.data;
  const columns = ['name', 'spent', 'state', 'expected', 'change'];
  return html`
    <section class="card" id="budgets" aria-labelledby="title-budgets">
      <h2 id="title-budgets">${words.heading}</h2>
      ${budgets.length === 0 ? html`<p>${words.none}</p>` : html`
        <div class="scroll" tabindex="0" role="region" aria-label=${words.heading}>
          <table class="words">
            <thead><tr>${columns.map(column => html`<th scope="col">${words[column]}</th>`)}</tr></thead>
            <tbody>${budgets.map(budget => row(budget, app))}</tbody>
          </table>
        </div>`}
      <p class="note" role="status" id="budget-done">${app.data.notes.budgets ?? ''}</p>
      ${editor(app)}
    </section>`;
}

function row(budget, app) {
  const words = text.budgets;
  const { name, amount, currency, state } = budget;
  const share = state ? Number(state.spent) / Number(amount) : null;
  return html`
    <tr data-key=${name} data-status=${state?.status ?? ''}>
      <th scope="row">${name}<span class="note">${scopeOf(budget, app.data.models)}</span></th>
      <td>${state ? html`<data value=${state.spent}>${words.of(format.money(state.spent, currency), format.money(amount, currency))}</data>
        <meter min="0" max="1" value=${Math.min(1, share)} aria-hidden="true"></meter> ${format.percent(share)}`
        : words.of(text.none, format.money(amount, currency))}</td>
      <td class=${state?.status === 'reached' ? 'bad' : ''}>${stateOf(budget)}</td>
      <td>${expected(budget, app.data.forecasts.get(name))}</td>
      <td>${actions(budget, app)}</td>
    </tr>`;
}

function scopeOf({ period, timeZone, scope }, models) {
  const words = text.budgets;
  return [
    words.periods[period], timeZone,
    scope.modelId ? words.onlyModel(models.get(scope.modelId) ?? scope.modelId) : '',
    scope.clientId ? words.onlyClient(scope.clientId) : '',
    scope.userId ? words.onlyUser(scope.userId) : '',
    scope.userErased ? words.userErased : '',
  ].filter(Boolean).join(' · ');
}

function stateOf({ state, timeZone, thresholds }) {
  const words = text.budgets;
  if (!state) return words.states.none;
  const since = format.dateTime(Date.parse(state.since), timeZone);
  const reached = state.threshold ? words.states.reached(state.threshold, since) : '';
  return {
    ok: words.states.ok(thresholds[0]),
    reached,
    incomplete: `${words.states.incomplete} ${reached}`.trim(),
  }[state.status];
}

function expected({ amount, currency, state }, answer) {
  const words = text.budgets;
  if (!answer) return state?.forecast ? format.money(state.forecast, currency) : text.none;
  const { expected: total, reason, costComplete } = answer;
  if (!total) return html`${text.none}<span class="note">${reason}</span>`;
  return html`<data value=${total.amount}>${format.money(total.amount, total.currency)}</data>
    <span class="note">${Number(total.amount) > Number(amount) ? words.over : words.within}
      ${costComplete ? nothing : text.outlook.incomplete}</span>`;
}

function actions(budget, app) {
  const words = text.budgets;
  const { name } = budget;
  const change = () => {
    mine.changed = budget;
    mine.form = {
      name, amount: budget.amount, period: budget.period, thresholds: budget.thresholds.join(', '),
      modelId: budget.scope.modelId ?? '', clientId: budget.scope.clientId ?? '',
    };
    app.draw();
    document.getElementById('budget-amount').focus();
  };
  const ask = () => {
    mine.deleting = name;
    app.draw();
  };
  if (mine.deleting === name) {
    return html`<button type="button" class="quiet bad" @click=${() => remove(name, app)}>${words.sure(name)}</button>`;
  }
  // The service refuses to change a budget whose user was erased, as long as it has the same scope.
  return html`
    ${budget.scope.userErased ? nothing
      : html`<button type="button" class="quiet" aria-label=${words.changeOf(name)} @click=${change}>${words.edit}</button>`}
    <button type="button" class="quiet" aria-label=${words.deleteOf(name)} @click=${ask}>${words.remove}</button>`;
}

function editor(app) {
  const words = text.budgets;
  const set = name => value => {
    mine.form[name] = value;
    app.draw();
  };
  const restart = () => {
    mine.changed = null;
    mine.form = { ...EMPTY };
    app.draw();
  };
  const models = [['', words.allModels], ...app.data.models];
  if (mine.form.modelId && !app.data.models.has(mine.form.modelId)) models.push([mine.form.modelId, mine.form.modelId]);
  return html`
    <form id="budget" aria-labelledby="title-budget" @submit=${event => submit(event, app)}>
      <h3 id="title-budget">${mine.changed ? words.changeOf(mine.changed.name) : words.create}</h3>
      <div class="controls">
        ${field({ id: 'budget-name', label: words.name, value: mine.form.name, set: set('name'), readonly: mine.changed !== null,
          pattern: '[A-Za-z0-9][A-Za-z0-9._\\-]{0,99}', title: words.nameRule })}
        ${field({ id: 'budget-amount', label: words.amount, value: mine.form.amount, set: set('amount'),
          pattern: '[0-9]{1,12}(\\.[0-9]{1,8})?', title: words.amountRule })}
        ${choice('budget-period', words.period, Object.entries(words.periods), mine.form.period, set('period'))}
        ${choice('budget-model', words.model, models, mine.form.modelId, set('modelId'))}
        ${field({ id: 'budget-client', label: words.client, value: mine.form.clientId, set: set('clientId'), required: false })}
        ${field({ id: 'budget-thresholds', label: words.thresholds, value: mine.form.thresholds, set: set('thresholds'),
          pattern: '[0-9]+( *, *[0-9]+)*', title: words.thresholdsRule })}
        <button type="submit" class="primary">${mine.changed ? words.save : words.button}</button>
        ${mine.changed ? html`<button type="button" @click=${restart}>${words.cancel}</button>` : nothing}
      </div>
      <p class="note">${words.zone(mine.changed?.timeZone ?? app.view.zone)} ${mine.changed?.webhooks.length ? words.webhooks : nothing}</p>
      ${app.data.faults.budgets ? refusal(app.data.faults.budgets) : nothing}
    </form>`;
}

/** What the form leaves out of a budget that is changed stays as it is. */
function bodyOf(view) {
  // Without userErased the service would take the budget of an erased user for one of all users.
  const { userId, userErased } = mine.changed?.scope ?? {};
  const scope = { userId, userErased };
  if (mine.form.modelId) scope.modelId = mine.form.modelId;
  if (mine.form.clientId) scope.clientId = mine.form.clientId;
  return {
    timeZone: view.zone, ...mine.changed, amount: mine.form.amount, period: mine.form.period, scope,
    thresholds: mine.form.thresholds.split(',').map(Number),
  };
}

async function submit(event, app) {
  event.preventDefault();
  const { name } = mine.form;
  const body = bodyOf(app.view);
  const isNew = !mine.changed;
  await app.change('budgets', async () => {
    if (isNew && app.data.budgets.some(budget => budget.name === name)) {
      throw new api.Problem({ status: 409, title: text.budgets.exists(name) });
    }
    await api.put(pathOf(app.view, name), body);
    return text.budgets.saved(name);
  });
}

const remove = (name, app) => app.change('budgets', async () => {
  await api.remove(pathOf(app.view, name));
  return text.budgets.deleted(name);
});
