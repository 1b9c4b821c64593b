// Offers the provider, if there is one, and asks for a credential; what is pasted goes to api.js and nowhere else.

import { html, nothing } from './lit-html.js';
import * as local from './local.js';
import { text } from './messages.js';
import * as oidc from './oidc.js';

/** Whether there is a way in without a credential. */
const offered = local.offered || oidc.offered;

const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);

const USABLE = /^[\x21-\x7e]+$/;

export function page({ notice, busy, signIn, askProvider, enterLocally }) {
  const submit = event => {
    event.preventDefault();
    const field = event.target.elements.credential;
    const pasted = field.value.trim();
    field.value = '';
    signIn(pasted, USABLE.test(pasted));
  };
  return html`
    <main class="sign-in" id="main">
      <form class="card" id="sign-in" aria-labelledby="title-sign-in" @submit=${submit}>
        <h1 id="title-sign-in">${text.title}</h1>
        ${notice ? html`<p class="notice" role="alert" id="sign-in-notice">${notice}</p>` : nothing}
        ${local.offered ? html`
          <button type="button" class="primary" id="local" ?disabled=${busy} @click=${enterLocally}>${text.signIn.local}</button>
          <p class="note">${text.signIn.onlyLocal}</p>` : nothing}
        ${oidc.offered ? html`
          <button type="button" class="primary" id="provider" ?disabled=${busy} @click=${askProvider}>${text.signIn.provider}</button>` : nothing}
        ${offered ? html`<p class="note">${text.signIn.or}</p>` : nothing}
        <p>${text.signIn.lead}</p>
        <label class="control" for="credential"><span>${text.signIn.label}</span>
          <input id="credential" name="credential" type="password" autocomplete="off" spellcheck="false" required ?autofocus=${!offered}>
        </label>
        <button type="submit" class=${offered ? '' : 'primary'} ?disabled=${busy}>${text.signIn.button}</button>
        <p class="note">${text.signIn.where} ${isLocal ? text.signIn.whereLocal : nothing}</p>
      </form>
    </main>`;
}
