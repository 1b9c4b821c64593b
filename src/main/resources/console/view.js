// What is shown, as the part of the address after #: a link restores it. It never holds a credential.

import { RANGES, defaultZone, isZone } from './time.js';

export const SPLITS = ['model', 'client', 'user'];
export const PAGES = ['overview', 'reliability', 'spend', 'finance', 'company', 'administration'];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** From one minute to another, in UTC. */
const WINDOW = /^\d{4}-\d\d-\d\dT\d\d:\d\dZ\/\d{4}-\d\d-\d\dT\d\d:\d\dZ$/;
/** The name of a part that can be opened: the table of a chart, all rows of a table, the price book. */
const PART = /^[a-zA-Z-]{1,40}$/;
const DATE = /^\d{4}-\d\d-\d\d$/;

const oneOf = (value, values, fallback) => (values.includes(value) ? value : fallback);
/** The API takes as many values of a filter. */
const FILTER_MAX = 100;

const matching = (value, pattern) => (pattern.test(value ?? '') ? value : '');

/** The view of an address; what is missing or not valid gets its default. */
export function parseView(hash) {
  const [page, query] = hash.replace(/^#/, '').split('?');
  const given = new URLSearchParams(query);
  const zone = given.get('zone');
  return {
    page: oneOf(page, PAGES, 'overview'),
    org: matching(given.get('org'), UUID),
    range: oneOf(given.get('range'), RANGES, 'last-7-days'),
    from: matching(given.get('from'), DATE),
    to: matching(given.get('to'), DATE),
    granularity: oneOf(given.get('granularity'), ['hour', 'day', 'month'], ''),
    zone: zone && isZone(zone) ? zone : defaultZone(),
    models: given.getAll('model').filter(id => UUID.test(id)).slice(0, FILTER_MAX),
    clients: given.getAll('client').slice(0, FILTER_MAX),
    incident: matching(given.get('incident'), WINDOW),
    split: oneOf(given.get('split'), SPLITS, 'model'),
    open: given.getAll('open').filter(id => PART.test(id)).slice(0, FILTER_MAX),
    actor: given.get('actor') ?? '',
    action: given.get('action') ?? '',
    outcome: oneOf(given.get('outcome'), ['allowed', 'denied'], ''),
  };
}

/** What was looked for and opened; the next viewer of the tab need not know. */
export const OF_ONE_VIEWER = { open: [], actor: '', action: '', outcome: '' };
/** What belongs to one page. */
export const OF_ONE_PAGE = { incident: '', ...OF_ONE_VIEWER };

export function addressOf({ page, models, clients, open, ...rest }) {
  const query = new URLSearchParams(Object.entries(rest).filter(([, value]) => value));
  for (const id of models) query.append('model', id);
  for (const id of clients) query.append('client', id);
  for (const id of open) query.append('open', id);
  return `#${page}?${query}`;
}
