// Calls of the public API. The credential lives in this module only: never in an address, in storage or in a log.

import { Refusal } from './oidc.js';

const BASE = new URL('../analytics/v1/', document.baseURI);
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The headers of the next request. */
let credential = async () => ({});

/** A token or an API key; what it is shows in its form. */
export function signIn(text) {
  const headers = TOKEN.test(text) ? { Authorization: `Bearer ${text}` } : { 'X-API-Key': text };
  credential = async () => headers;
}

/** The tokens of a provider's session. */
export function signInWith(session) {
  credential = async () => ({ Authorization: `Bearer ${await session.token()}` });
}

export function signOut() {
  credential = async () => ({});
}

/** An answer that is not a success, or the lack of one (status 0). */
export class Problem extends Error {
  constructor({ status = 0, title = '', detail = '', errors = [], traceId = '' }) {
    super(detail || title);
    Object.assign(this, { status, title, detail, errors, traceId });
  }
}

/** No connection, too many requests, or a fault of the service: another question may have an answer. */
const OF_ONE_ANSWER = [0, 429, 500, 502, 503, 504];

/** An answer, or its fault if that need not be one of the other parts of a page. */
export const orFault = answer => answer.catch(fault => {
  if (!OF_ONE_ANSWER.includes(fault.status)) throw fault;
  return { fault };
});

async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  return new Problem({ title: response.statusText, ...body, status: response.status });
}

/** Parameters as an object; a list as the value repeats its name. */
const entriesOf = parameters =>
  Object.entries(parameters).flatMap(([name, value]) => [value].flat().map(one => [name, one]));

export function addressOf(path, parameters = {}) {
  const url = new URL(path, BASE);
  for (const [name, value] of entriesOf(parameters)) url.searchParams.append(name, value);
  return url;
}

/** A page asks for many things; more at once would take the service's connections from other callers. */
const AT_ONCE = 4;
let running = 0;
const waiting = [];

/** Runs an action when it is its turn: first come, first served. */
async function inTurn(action) {
  if (running === AT_ONCE) await new Promise(resolve => waiting.push(resolve));
  else running += 1;
  try {
    return await action();
  } finally {
    // The place goes to the next in line.
    if (waiting.length) waiting.shift()();
    else running -= 1;
  }
}

async function request(path, { parameters, accept = 'application/json', ...options } = {}) {
  let response;
  try {
    response = await inTurn(async () => {
      const headers = { ...await credential(), ...options.headers, Accept: accept };
      return fetch(addressOf(path, parameters), { ...options, headers, credentials: 'omit', cache: 'no-store' });
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(error instanceof Refusal && error.reason !== 'unreachable' ? { status: 401, detail: error.message } : {});
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function get(path, parameters, signal) {
  return (await request(path, { parameters, signal })).json();
}

/** A file, and whether the API has more rows than it holds. */
export async function getCsv(path, parameters) {
  const response = await request(path, { parameters, accept: 'text/csv' });
  return { blob: await response.blob(), isCut: response.headers.has('Link') };
}

export async function getMarkdown(path, parameters) {
  return (await request(path, { parameters, accept: 'text/markdown' })).text();
}

const randomKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');

/** Sends a body once: a repeated call with the same key has no second effect. */
export async function post(path, body) {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': randomKey() };
  return (await request(path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
}

/** Puts what a path names in place of what it was. */
export async function put(path, body) {
  const response = await request(path, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  return response.status === 204 ? null : response.json();
}

/** Deletes what a path names; the answer has no content. */
export async function remove(path) {
  await request(path, { method: 'DELETE' });
}

export async function cancel(path) {
  return (await request(path, { method: 'DELETE' })).json();
}
