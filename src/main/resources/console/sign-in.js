// Asks for a credential; what is pasted goes to api.js and nowhere else.

import { html, nothing } from './lit-html.js';
import { text } from './messages.js';

const USABLE = /^[\x21-\x7e]+$/;

export function page({ notice, busy, signIn }) {
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
        <p>${text.signIn.lead}</p>
        <label class="control" for="credential"><span>${text.signIn.label}</span>
          <input id="credential" name="credential" type="password" autocomplete="off" spellcheck="false" required autofocus>
        </label>
        <button type="submit" class="primary" ?disabled=${busy}>${text.signIn.button}</button>
        <p class="note">${text.signIn.where}</p>
      </form>
    </main>`;
}
