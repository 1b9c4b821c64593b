// Calls of the public API. The credential lives in this module only: never in an address, in storage or in a log.

import { Refusal, claimsOf } from './oidc.js';

const BASE = new URL('../analytics/v1/', document.baseURI);
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The headers of the next request. */
let credential = async () => ({});

let until = () => null;

/** When the credential ends, in milliseconds; null where that is not known, or where it is renewed before. */
export const signedInUntil = () => until();

/** A token or an API key; what it is shows in its form. */
export function signIn(text) {
  const headers = TOKEN.test(text) ? { Authorization: `Bearer ${text}` } : { 'X-API-Key': text };
  credential = async () => headers;
  const end = claimsOf(text)?.exp * 1000;
  until = () => (Number.isFinite(end) ? end : null);
}

/** The tokens of a provider's session. */
export function signInWith(session) {
  credential = async () => ({ Authorization: `Bearer ${await session.token()}` });
  until = () => session.until();
}

export function signOut() {
  credential = async () => ({});
  until = () => null;
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

/** Sends a request and reads its answer. A connection that breaks off within the answer is the lack of one. */
async function request(path, read, { parameters, accept = 'application/json', ...options } = {}) {
  try {
    const response = await inTurn(async () => {
      const headers = { ...await credential(), ...options.headers, Accept: accept };
      return fetch(addressOf(path, parameters), { ...options, headers, credentials: 'omit', cache: 'no-store' });
    });
    if (!response.ok) throw await problemOf(response);
    return await read(response);
  } catch (error) {
    if (error.name === 'AbortError' || error instanceof Problem) throw error;
    throw new Problem(error instanceof Refusal && error.reason !== 'unreachable' ? { status: 401, detail: error.message } : {});
  }
}

const json = response => response.json();

export const get = (path, parameters, signal) => request(path, json, { parameters, signal });

/** A file, and whether the API has more rows than it holds. */
export const getCsv = (path, parameters) =>
  request(path, async response => ({ blob: await response.blob(), isCut: response.headers.has('Link') }), { parameters, accept: 'text/csv' });

export const getMarkdown = (path, parameters) => request(path, response => response.text(), { parameters, accept: 'text/markdown' });

const randomKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');

/** Sends a body once: a repeated call with the same key has no second effect. */
export function post(path, body) {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': randomKey() };
  return request(path, json, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Puts what a path names in place of what it was. */
export const put = (path, body) => request(path, response => (response.status === 204 ? null : response.json()),
  { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

/** Deletes what a path names; the answer has no content. */
export const remove = path => request(path, () => null, { method: 'DELETE' });

export const cancel = path => request(path, json, { method: 'DELETE' });
