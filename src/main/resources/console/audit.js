// Who read, exported or changed what of an organisation, newest first.

import { html, nothing } from './lit-html.js';
import * as api from './api.js';
import * as format from './format.js';
import { text } from './messages.js';
import { choice, field, refusal } from './parts.js';

const PAGE_LENGTH = 20;

const filters = { actor: '', action: '', outcome: '' };

const pathOf = view => `orgs/${view.org}/audit`;

const asked = () => Object.fromEntries(Object.entries({ limit: PAGE_LENGTH, ...filters }).filter(([, value]) => value));

export const load = (view, signal) => api.get(pathOf(view), asked(), signal);

export function card(app) {
  const words = text.audit;
  const { audit } = app.data;
  const set = name => value => {
    filters[name] = value;
    app.draw();
  };
  const submit = event => {
    event.preventDefault();
    app.reload();
  };
  return html`
    <section class="card" id="audit" aria-labelledby="title-audit">
      <h2 id="title-audit">${words.heading}</h2>
      ${audit.fault ? refusal(audit.fault) : html`
        <form aria-labelledby="title-audit" @submit=${submit}>
          <div class="controls">
            ${field({ id: 'audit-actor', label: words.actor, value: filters.actor, set: set('actor'), required: false })}
            ${field({ id: 'audit-action', label: words.action, value: filters.action, set: set('action'), required: false })}
            ${choice('audit-outcome', words.outcome, [['', words.all], ...Object.entries(words.outcomes)], filters.outcome, set('outcome'))}
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
    const next = await api.get(pathOf(view), { ...asked(), cursor: data.audit.nextCursor });
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
