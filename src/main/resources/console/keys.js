// Keys of programs: which there are, a form for one, and how to revoke it.

import { html, nothing } from './lit-html.js';
import * as api from './api.js';
import * as format from './format.js';
import { text } from './messages.js';
import { choice, day, field, refusal } from './parts.js';
import { ofSession } from './session.js';
import { DAY, dateText, midnight } from './time.js';

const PERMISSIONS = [
  'analytics:usage:read', 'analytics:reliability:read', 'analytics:freshness:read', 'analytics:exports:read',
  'analytics:exports:create', 'analytics:exports:download', 'analytics:budgets:write', 'analytics:events:write',
];
const DAYS_VALID = 90;

const empty = () => ({ name: '', permission: PERMISSIONS[0], until: '' });
const mine = ofSession(() => ({ form: empty(), revoking: null }));

export async function load(signal) {
  mine.revoking = null;
  return api.get('api-keys', {}, signal);
}

export function card(app) {
  const words = text.keys;
  const { keys, notes, faults } = app.data;
  return html`
    <section class="card" id="keys" aria-labelledby="title-keys">
      <h2 id="title-keys">${words.heading}</h2>
      ${keys.fault ? refusal(keys.fault) : html`
        ${keys.apiKeys.length ? table(app) : html`<p>${words.none}</p>`}
        ${notes.created ? created(notes.created, app) : nothing}
        <p class="note" role="status">${notes.keys ?? ''}</p>
        ${faults.keys ? refusal(faults.keys) : nothing}
        ${editor(app)}`}
    </section>`;
}

/** The only place where the key is ever shown; it goes when the viewer says so, or leaves the page. */
function created(key, app) {
  const words = text.keys;
  const hide = () => app.show(app.view, data => ({ ...data, notes: { ...data.notes, created: null } }));
  return html`
    <div class="notice" role="status" id="created-key"><p>${words.once}</p><code>${key}</code>
      <button type="button" class="quiet" @click=${hide}>${words.hide}</button></div>`;
}

function table(app) {
  const words = text.keys;
  const columns = ['name', 'permissions', 'used', 'state', 'revoke'];
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${words.heading}>
      <table class="words">
        <thead><tr>${columns.map(column => html`<th scope="col">${words[column]}</th>`)}</tr></thead>
        <tbody>${app.data.keys.apiKeys.map(key => row(key, app))}</tbody>
      </table>
    </div>`;
}

function row(key, app) {
  const words = text.keys;
  const { zone } = app.view;
  const when = instant => format.dateTime(Date.parse(instant), zone);
  const names = new Map(app.orgs.map(org => [org.orgId, org.name]));
  const where = key.allOrgs ? words.everywhere : key.orgIds.map(id => names.get(id) ?? id).join(', ');
  return html`
    <tr data-key=${key.keyId} data-status=${stateOf(key)}>
      <th scope="row">${key.name}<span class="note">${key.prefix} · ${where}</span></th>
      <td>${key.permissions.join(', ')}</td>
      <td>${key.lastUsedAt ? when(key.lastUsedAt) : words.never}</td>
      <td>${words.states[stateOf(key)](key.revokedAt ? when(key.revokedAt) : key.expiresAt ? when(key.expiresAt) : null)}
        <span class="note">${words.by(key.createdBy, when(key.createdAt))}</span></td>
      <td>${stateOf(key) === 'valid' ? revoke(key, app) : text.none}</td>
    </tr>`;
}

function stateOf({ revokedAt, expiresAt }) {
  if (revokedAt) return 'revoked';
  return expiresAt && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'valid';
}

function revoke(key, app) {
  const words = text.keys;
  const ask = () => {
    mine.revoking = key.keyId;
    app.draw();
  };
  const act = () => app.change('keys', async () => {
    await api.remove(`api-keys/${key.keyId}`);
    return words.revoked(key.name);
  });
  return mine.revoking === key.keyId
    ? html`<button type="button" class="quiet bad" @click=${act}>${words.sure(key.name)}</button>`
    : html`<button type="button" class="quiet" aria-label=${words.revokeOf(key.name)} @click=${ask}>${words.revoke}</button>`;
}

function editor(app) {
  const words = text.keys;
  const { view } = app;
  const org = app.orgs.find(one => one.orgId === view.org);
  const until = mine.form.until || dateText(Date.now() + DAYS_VALID * DAY, view.zone);
  const set = name => value => {
    mine.form[name] = value;
    app.draw();
  };
  const submit = event => {
    event.preventDefault();
    const { name, permission } = mine.form;
    const [year, month, date] = until.split('-').map(Number);
    const expiresAt = new Date(midnight(view.zone, year, month, date + 1)).toISOString();
    app.change('keys', async notes => {
      const { key } = await api.post('api-keys', { name, orgIds: [view.org], permissions: [permission], expiresAt });
      notes.created = key;
      mine.form = empty();
      return words.saved(name);
    });
  };
  return html`
    <form id="key" aria-labelledby="title-key" @submit=${submit}>
      <h3 id="title-key">${words.create(org?.name ?? view.org)}</h3>
      <div class="controls">
        ${field({ id: 'key-name', label: words.name, value: mine.form.name, set: set('name') })}
        ${choice('key-permission', words.permission, PERMISSIONS.map(one => [one, one]), mine.form.permission, set('permission'))}
        ${day('key-until', words.until, until, set('until'))}
        <button type="submit" class="primary">${words.button}</button>
      </div>
    </form>`;
}
