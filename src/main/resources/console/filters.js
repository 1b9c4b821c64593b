// Which models and clients the figures are of; none chosen means all.

import { html, nothing } from './lit-html.js';
import { get } from './api.js';
import { text } from './messages.js';

/** Events without a client. */
const NO_CLIENT = '';

/** What can be chosen, and of which organisation. */
let known = { org: null, models: [], clients: [] };

/** Asks once per organisation. A credential that may not list them cannot choose. */
export async function load({ org }, signal) {
  if (known.org === org) return;
  const list = name => get(`orgs/${org}/${name}`, {}, signal).then(answer => answer[name]).catch(fault => {
    if (fault.status !== 403) throw fault;
    return [];
  });
  const [models, clients] = await Promise.all([list('models'), list('clients')]);
  known = {
    org,
    models: models.map(({ modelId, name }) => [modelId, name ?? modelId]),
    clients: [...clients.map(({ clientId }) => [clientId, clientId]), [NO_CLIENT, text.top.nobody.client]],
  };
}

/** A value that stands alone is read as a list with commas; repeated, it is not. */
export const listed = values => (values.length === 1 && values[0].includes(',') ? [values[0], values[0]] : values);

/** The parameters of the API. */
export function asked({ models, clients }) {
  const named = clients.filter(client => client !== NO_CLIENT);
  return {
    ...(models.length && { modelId: models }),
    ...(named.length && { clientId: listed(named) }),
    ...(named.length < clients.length && { withoutClient: 'true' }),
  };
}

export const controls = (view, go) => ['models', 'clients'].map(kind => choices(kind, view, go));

function choices(kind, view, go) {
  const words = text.filters[kind];
  const chosen = view[kind];
  const offered = known.org === view.org ? known[kind] : [];
  const unknown = chosen.filter(value => !offered.some(([one]) => one === value));
  const options = [...offered, ...unknown.map(value => [value, value || text.top.nobody.client])];
  const names = new Map(options);
  const label = chosen.length === 0 ? words.all : chosen.length === 1 ? names.get(chosen[0]) : words.some(chosen.length);
  const set = value => event => go({ [kind]: event.target.checked ? [...chosen, value] : chosen.filter(one => one !== value) });
  return html`
    <div class="control"><span>${words.label}</span>
      <details class="choices" id=${kind} @keydown=${close} @focusout=${leave}>
        <summary aria-label=${words.chosen(label)}>${label}</summary>
        <fieldset><legend class="unseen">${words.label}</legend>
          ${chosen.length ? html`<button type="button" class="quiet" @click=${() => go({ [kind]: [] })}>${words.all}</button>` : nothing}
          ${options.map(([value, name]) => html`
            <label><input type="checkbox" .checked=${chosen.includes(value)} @change=${set(value)}> ${name}</label>`)}
        </fieldset>
      </details>
    </div>`;
}

function close(event) {
  if (event.key !== 'Escape') return;
  event.currentTarget.open = false;
  event.currentTarget.querySelector('summary').focus();
}

/** Closes when the viewer goes elsewhere on the page. */
function leave(event) {
  if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false;
}
