// Which models and clients the figures are of; none chosen means all.

import { html, nothing, render } from './lit-html.js';
import { Problem, get } from './api.js';
import * as format from './format.js';
import { text } from './messages.js';
import { ofSession } from './session.js';

/** Events without a client. */
const NO_CLIENT = '';

/** More check boxes would keep the viewer waiting; who needs another one searches for it. */
const SHOWN = 200;

const KINDS = {
  models: ({ models }) => models.map(({ modelId, name }) => [modelId, name ?? modelId]),
  clients: ({ clients }) => [...clients.map(({ clientId }) => [clientId, clientId]), [NO_CLIENT, text.top.nobody.client]],
};

/** What can be chosen, and of which organisation. */
const mine = ofSession(() => ({ known: { org: null } }));

/** Asks once per organisation. The figures do not wait for a list that is missing: it is asked for with the next ones. */
export async function load({ org }, signal) {
  if (mine.known.org !== org) mine.known = { org };
  const { known } = mine;
  await Promise.all(Object.keys(KINDS).filter(kind => !known[kind] || known[kind].again).map(async kind => {
    known[kind] = await listOf(kind, org, signal);
  }));
}

/** A credential that may not list them does not ask again. */
const listOf = (kind, org, signal) => get(`orgs/${org}/${kind}`, {}, signal).then(
  answer => ({ options: KINDS[kind](answer), cutAfter: answer.nextCursor ? answer[kind].length : 0 }),
  fault => {
    if (!(fault instanceof Problem) || fault.status === 401) throw fault;
    return { options: [], isMissing: true, again: fault.status !== 403 };
  });

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

export const controls = (view, go) => Object.keys(KINDS).map(kind => choices(kind, view, go));

function choices(kind, view, go) {
  const words = text.filters[kind];
  const chosen = view[kind];
  const list = (mine.known.org === view.org && mine.known[kind]) || { options: [] };
  const unknown = chosen.filter(value => !list.options.some(([one]) => one === value));
  const options = [...list.options, ...unknown.map(value => [value, value || text.top.nobody.client])];
  const all = list.isMissing ? text.filters.missing(words.all) : words.all;
  const nameOf = value => options.find(([one]) => one === value)[1];
  const label = chosen.length === 0 ? all : chosen.length === 1 ? nameOf(chosen[0]) : words.some(chosen.length);
  return html`
    <div class="control"><span>${words.label}</span>
      <details class="choices" id=${kind} @keydown=${close} @focusout=${leave}>
        <summary aria-label=${words.chosen(label)}>${label}</summary>
        <fieldset><legend class="unseen">${words.label}</legend>
          <filter-options .spec=${{ words, chosen, options, list, set: values => go({ [kind]: values }) }}></filter-options>
        </fieldset>
      </details>
    </div>`;
}

/** What can be chosen of one kind. It is drawn while its details are open, and by itself, so that a search draws no chart again. */
class FilterOptions extends HTMLElement {
  #spec = null;
  #sought = '';
  #draw = () => {
    if (this.isConnected && this.#spec) render(this.closest('details').open ? this.#options() : nothing, this);
  };

  connectedCallback() {
    this.closest('details').addEventListener('toggle', this.#draw);
    this.#draw();
  }

  set spec(spec) {
    this.#spec = spec;
    this.#draw();
  }

  #options() {
    const { words, chosen, options, list, set } = this.#spec;
    const sought = this.#sought.trim().toLowerCase();
    const found = sought ? options.filter(([value, name]) => `${name} ${value}`.toLowerCase().includes(sought)) : options;
    const shown = found.filter(([value], i) => i < SHOWN || chosen.includes(value));
    const toggle = value => event => set(event.target.checked ? [...chosen, value] : chosen.filter(one => one !== value));
    return html`
      ${list.isMissing ? html`<p class="note">${text.filters.missingHelp}</p>` : nothing}
      ${options.length > SHOWN ? html`
        <input type="search" autocomplete="off" spellcheck="false" aria-label=${words.search} placeholder=${words.search}
          .value=${this.#sought} @input=${event => { this.#sought = event.target.value; this.#draw(); }}>` : nothing}
      ${shown.length < found.length ? html`<p class="note">${text.filters.more(format.count(shown.length), format.count(found.length))}</p>` : nothing}
      ${list.cutAfter ? html`<p class="note">${text.filters.cut(format.count(list.cutAfter))}</p>` : nothing}
      ${chosen.length ? html`<button type="button" class="quiet" @click=${() => set([])}>${words.all}</button>` : nothing}
      ${shown.map(([value, name]) => html`
        <label><input type="checkbox" .checked=${chosen.includes(value)} @change=${toggle(value)}> ${name}</label>`)}`;
  }
}

customElements.define('filter-options', FilterOptions);

function close(event) {
  if (event.key !== 'Escape') return;
  event.currentTarget.open = false;
  event.currentTarget.querySelector('summary').focus();
}

/** Closes when the viewer goes elsewhere on the page. */
function leave(event) {
  if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false;
}
