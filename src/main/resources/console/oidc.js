// Sign-in by OpenID Connect: authorization code flow with PKCE. Tokens live in this module and in api.js only. What the redirect
// needs (state, nonce, verifier, and the view to return to) stays in the session storage of the tab until the answer is here.

const KEPT = 'sign-in';
/** A token is renewed this long before it expires, so that no request meets its end. */
const MARGIN_MS = 30_000;

const { issuer, clientId, scopes, audience } = document.querySelector('meta[name=sign-in]')?.dataset ?? {};

/** Whether the operator has set a provider. */
export const offered = Boolean(issuer);

/** Why a sign-in ended without a token; `reason` names the text that is shown. */
export class Refusal extends Error {
  constructor(reason, detail = '') {
    super(detail);
    this.reason = reason;
  }
}

const page = () => new URL('./', document.baseURI).href;

const base64url = bytes => btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

const sha256 = async text => new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));

async function call(address, options) {
  let response;
  try {
    response = await fetch(address, { ...options, credentials: 'omit', cache: 'no-store', redirect: 'error', referrerPolicy: 'no-referrer' });
  } catch {
    throw new Refusal('unreachable');
  }
  if (response.status >= 500) throw new Refusal('unreachable');
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal('refused', [body.error, body.error_description].filter(Boolean).join(': '));
  return body;
}

async function discover() {
  const found = await call(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (found.issuer !== issuer) throw new Refusal('issuer', String(found.issuer));
  return found;
}

/** Leaves for the provider's page; `view` is the part of the address that the viewer returns to. */
export async function leaveForProvider(view) {
  // Browsers offer the cryptography to secure pages only.
  if (!crypto.subtle) throw new Refusal('insecure');
  const { authorization_endpoint } = await discover();
  const kept = { state: random(), nonce: random(), verifier: random(), view };
  const address = new URL(authorization_endpoint);
  const parameters = {
    response_type: 'code',
    // The part after # reaches no server and so no log.
    response_mode: 'fragment',
    client_id: clientId,
    redirect_uri: page(),
    scope: scopes,
    state: kept.state,
    nonce: kept.nonce,
    code_challenge: base64url(await sha256(kept.verifier)),
    code_challenge_method: 'S256',
    ...(audience ? { audience } : {}),
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
  location.assign(address.href);
}

/**
 * Takes the provider's answer out of the address, and what was kept out of the storage: both work once. Null where the address
 * holds no answer.
 */
export function takeAnswer() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null');
  sessionStorage.removeItem(KEPT);
  const answer = [location.hash, location.search].map(part => new URLSearchParams(part.slice(1)))
    .find(parameters => parameters.has('state') && (parameters.has('code') || parameters.has('error')));
  if (!answer) return null;
  history.replaceState(null, '', `${location.pathname}${kept?.view ?? ''}`);
  return { parameters: Object.fromEntries(answer), kept };
}

/** Exchanges an answer for tokens. */
export async function redeem({ parameters, kept }) {
  if (!kept || parameters.state !== kept.state) throw new Refusal('state');
  if (parameters.iss && parameters.iss !== issuer) throw new Refusal('issuer', parameters.iss);
  if (parameters.error) throw new Refusal('refused', [parameters.error, parameters.error_description].filter(Boolean).join(': '));
  const provider = await discover();
  const tokens = await askForTokens(provider, {
    grant_type: 'authorization_code', code: parameters.code, redirect_uri: page(), code_verifier: kept.verifier,
  });
  const claims = claimsOf(tokens.id_token);
  if (!claims || claims.nonce !== kept.nonce || claims.iss !== issuer || ![claims.aud].flat().includes(clientId)) throw new Refusal('token');
  return new Session(provider, tokens);
}

const askForTokens = (provider, parameters) => call(provider.token_endpoint, {
  method: 'POST', body: new URLSearchParams({ ...parameters, client_id: clientId }),
});

/**
 * What a token says; null where it is not a JSON web token. An id token came from the provider itself, over the connection that we
 * opened, so its signature proves no more.
 */
export function claimsOf(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')), character => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/** A viewer's tokens, renewed while the provider allows it. */
class Session {
  #provider;
  #tokens;
  #endsAt;
  #renewal = null;

  constructor(provider, tokens) {
    this.#provider = provider;
    this.#take(tokens);
  }

  #take(tokens) {
    if (!tokens.access_token) throw new Refusal('token');
    this.#tokens = { ...this.#tokens, ...tokens };
    this.#endsAt = tokens.expires_in ? Date.now() + tokens.expires_in * 1000 : Infinity;
  }

  /** When it ends, in milliseconds; null while it can be renewed, or where the provider does not say. */
  until() {
    return this.#tokens.refresh_token || this.#endsAt === Infinity ? null : this.#endsAt;
  }

  /** A token that is good for the next request. Without a refresh token, the API says when it is no longer accepted. */
  async token() {
    if (this.#tokens.refresh_token && Date.now() >= this.#endsAt - MARGIN_MS) {
      // Requests that wait at the same time share one renewal: a refresh token may work only once.
      this.#renewal ??= this.#renew().finally(() => { this.#renewal = null; });
      await this.#renewal;
    }
    return this.#tokens.access_token;
  }

  async #renew() {
    this.#take(await askForTokens(this.#provider, { grant_type: 'refresh_token', refresh_token: this.#tokens.refresh_token }));
  }

  /** Ends the session at the provider, if it offers that. Posted, so that no token stands in an address. */
  end() {
    const { end_session_endpoint } = this.#provider;
    if (!end_session_endpoint) return;
    const form = document.createElement('form');
    form.method = 'post';
    form.action = end_session_endpoint;
    const fields = { id_token_hint: this.#tokens.id_token, client_id: clientId, post_logout_redirect_uri: page() };
    for (const [name, value] of Object.entries(fields)) {
      const field = document.createElement('input');
      Object.assign(field, { type: 'hidden', name, value });
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  }
}
