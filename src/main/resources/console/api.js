// Calls of the public API. The credential lives in this module only: never in an address, in storage or in a log.

const BASE = new URL('../analytics/v1/', document.baseURI);
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

let credential = null;

/** A token or an API key; what it is shows in its form. */
export function signIn(text) {
  credential = TOKEN.test(text) ? { Authorization: `Bearer ${text}` } : { 'X-API-Key': text };
}

export function signOut() {
  credential = null;
}

/** An answer that is not a success, or the lack of one (status 0). */
export class Problem extends Error {
  constructor({ status = 0, title = '', detail = '', errors = [], traceId = '' }) {
    super(detail || title);
    Object.assign(this, { status, title, detail, errors, traceId });
  }
}

async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  return new Problem({ title: response.statusText, ...body, status: response.status });
}

export function addressOf(path, parameters = {}) {
  const url = new URL(path, BASE);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value);
  return url;
}

async function request(path, { parameters, accept = 'application/json', ...options } = {}) {
  const headers = { ...credential, ...options.headers, Accept: accept };
  let response;
  try {
    response = await fetch(addressOf(path, parameters), { ...options, headers, credentials: 'omit', cache: 'no-store' });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem({});
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function get(path, parameters, signal) {
  return (await request(path, { parameters, signal })).json();
}

export async function getCsv(path, parameters) {
  return (await request(path, { parameters, accept: 'text/csv' })).blob();
}

const randomKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');

/** Sends a body once: a repeated call with the same key has no second effect. */
export async function post(path, body) {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': randomKey() };
  return (await request(path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
}

export async function cancel(path) {
  return (await request(path, { method: 'DELETE' })).json();
}
