// Who may call the service, who did what, how the monthly file is made, and what people call things.

import { html, nothing } from './lit-html.js';
import * as api from './api.js';
import * as audit from './audit.js';
import * as exportSettings from './export-settings.js';
import * as keys from './keys.js';
import { text } from './messages.js';
import { choice, field, refusal } from './parts.js';
import { ofSession } from './session.js';

const KINDS = ['orgs', 'models', 'users'];

const EMPTY = { kind: 'models', id: '', name: '' };
const mine = ofSession(() => ({ form: { ...EMPTY } }));

/** A part that the credential may not see is its refusal; the others are shown. */
const orRefusal = answer => answer.catch(fault => {
  if (fault.status !== 403) throw fault;
  return { fault };
});

export async function load(view, now, signal) {
  const [entries, known, monthly, models, users] = await Promise.all([
    orRefusal(audit.load(view, signal)),
    orRefusal(keys.load(signal)),
    orRefusal(exportSettings.load(view, signal)),
    orRefusal(api.get(`orgs/${view.org}/models`, {}, signal)),
    orRefusal(api.get(`orgs/${view.org}/users`, { limit: 200 }, signal)),
  ]);
  return {
    audit: entries, keys: known, exportSettings: monthly, models: models.models ?? [], users: users.users ?? [],
    notes: {}, faults: {},
  };
}

export const page = app => html`${audit.card(app)}${keys.card(app)}${exportSettings.card(app)}${names(app)}`;

function names(app) {
  const words = text.names;
  const { data, view } = app;
  const set = name => value => {
    mine.form[name] = value;
    app.draw();
  };
  const ids = {
    orgs: app.orgs.map(org => [org.orgId, org.name]),
    models: data.models.map(model => [model.modelId, model.name]),
    users: data.users.map(user => [user.userId, user.name]),
  }[mine.form.kind];
  const pick = kind => {
    mine.form = { ...EMPTY, kind };
    app.draw();
  };
  const submit = event => {
    event.preventDefault();
    const { kind, id, name } = mine.form;
    app.change('names', async () => {
      await api.put('catalog/names', { [kind]: { [id]: name } });
      mine.form = { ...EMPTY, kind };
      return words.saved(name);
    });
  };
  return html`
    <section class="card" id="names" aria-labelledby="title-names">
      <h2 id="title-names">${words.heading}</h2>
      <p>${words.lead}</p>
      <form aria-labelledby="title-names" @submit=${submit}>
        <div class="controls">
          ${choice('names-kind', words.kind, KINDS.map(kind => [kind, words.kinds[kind]]), mine.form.kind, pick)}
          ${choice('names-known', words.known, [['', words.choose], ...ids], mine.form.id, set('id'))}
          ${field({ id: 'names-id', label: words.id, value: mine.form.id, set: set('id'), title: words.idRule,
            pattern: '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}' })}
          ${field({ id: 'names-name', label: words.name, value: mine.form.name, set: set('name') })}
          <button type="submit" class="primary">${words.button}</button>
        </div>
      </form>
      ${mine.form.kind === 'users' ? html`<p class="note">${words.pseudonyms}</p>` : nothing}
      <p class="note" role="status">${data.notes.names ?? ''}</p>
      ${data.faults.names ? refusal(data.faults.names) : nothing}
    </section>`;
}
