// Who read, exported or changed what of an organisation, newest first.

import { html, nothing } from './lit-html.js';
import * as api from './api.js';
import * as format from './format.js';
import { text } from './messages.js';
import { choice, field, refusal } from './parts.js';

const PAGE_LENGTH = 20;

const FILTERS = ['actor', 'action', 'outcome'];

const pathOf = view => `orgs/${view.org}/audit`;

const asked = view => ({ limit: PAGE_LENGTH, ...Object.fromEntries(FILTERS.filter(name => view[name]).map(name => [name, view[name]])) });

export const load = (view, signal) => api.get(pathOf(view), asked(view), signal);

export function card(app) {
  const words = text.audit;
  const { audit } = app.data;
  // They hold when the form is sent; until then they stand in its fields only.
  const set = () => {};
  const submit = event => {
    event.preventDefault();
    app.go(Object.fromEntries(FILTERS.map(name => [name, event.target.elements[`audit-${name}`].value])));
  };
  return html`
    <section class="card" id="audit" aria-labelledby="title-audit">
      <h2 id="title-audit">${words.heading}</h2>
      ${audit.fault ? refusal(audit.fault) : html`
        <form aria-labelledby="title-audit" @submit=${submit}>
          <div class="controls">
            ${field({ id: 'audit-actor', label: words.actor, value: app.view.actor, set, required: false })}
            ${field({ id: 'audit-action', label: words.action, value: app.view.action, set, required: false })}
            ${choice('audit-outcome', words.outcome, [['', words.all], ...Object.entries(words.outcomes)], app.view.outcome, set)}
            <button type="submit" class="primary">${words.button}</button>
          </div>
        </form>
        ${audit.entries.length ? table(app) : html`<p>${words.none}</p>`}`}
    </section>`;
}

function table(app) {
  const words = text.audit;
  const { view, data } = app;
  const older = () => app.attempt(async () => {
    const next = await api.get(pathOf(view), { ...asked(view), cursor: data.audit.nextCursor });
    app.show(view, shown => ({
      ...shown, audit: { entries: [...shown.audit.entries, ...next.entries], nextCursor: next.nextCursor },
    }));
  });
  const columns = ['at', 'actor', 'action', 'outcome', 'request'];
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${words.heading}>
      <table class="words">
        <thead><tr>${columns.map(column => html`<th scope="col">${words[column]}</th>`)}</tr></thead>
        <tbody>${data.audit.entries.map(entry => html`
          <tr data-key=${entry.seq} data-status=${entry.outcome}>
            <th scope="row">${format.dateTime(Date.parse(entry.at), view.zone)}</th>
            <td>${entry.actor ?? words.nobody}</td>
            <td>${entry.action}</td>
            <td class=${entry.outcome === 'denied' ? 'bad' : ''}>${words.outcomes[entry.outcome]}</td>
            <td>${entry.method} ${entry.path}</td>
          </tr>`)}
        </tbody>
      </table>
    </div>
    ${data.audit.nextCursor ? html`<button type="button" class="quiet" @click=${older}>${words.older}</button>` : nothing}`;
}
