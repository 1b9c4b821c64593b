// The page: who is signed in, what is shown, and which answers belong to it.

import './trusted-types.js';
import './chart.js';
import { html, nothing, render } from './lit-html.js';
import * as administration from './administration.js';
import * as api from './api.js';
import * as local from './local.js';
import { text } from './messages.js';
import * as company from './company.js';
import * as filters from './filters.js';
import * as finance from './finance.js';
import * as format from './format.js';
import * as oidc from './oidc.js';
import * as overview from './overview.js';
import * as reliability from './reliability.js';
import * as viewer from './session.js';
import * as signIn from './sign-in.js';
import * as spend from './spend.js';
import { choice, day, loading, nextOf, problem } from './parts.js';
import { RANGES, dateText, granularities, granularityOf, rangeOf, zones } from './time.js';
import { OF_ONE_PAGE, OF_ONE_VIEWER, PAGES, SPLITS, addressOf, parseView } from './view.js';

const pages = { overview, reliability, spend, finance, company, administration };

/** These show the present, whatever the range is. */
const WITHOUT_RANGE = ['spend', 'finance', 'administration'];
const root = document.getElementById('app');

let orgs = null;
/** The viewer's session at the provider; null with a pasted credential. */
let session = null;
/** Marks the addresses of this sign-in: those of another one, further back in the tab, may hold what this viewer must not see. */
let visit = null;
let notice = '';
let busy = false;
let current = new AbortController();
let timer;

/** What pages get: the view, its data or its fault, and what they may ask for. */
const app = {
  view: parseView(location.hash),
  data: null,
  fault: null,
  draw,
  fail,
  go,
  reload: load,

  /** Puts something into the address that is shown already. */
  remember(changes) {
    Object.assign(app.view, changes);
    history.replaceState({ visit }, '', addressOf(app.view));
  },

  /** Opens or closes a part of the page, which the link then restores; returns whether that changes anything. */
  open(id, isOpen) {
    const others = app.view.open.filter(one => one !== id);
    if (isOpen === others.length < app.view.open.length) return false;
    app.remember({ open: isOpen ? [...others, id] : others });
    draw();
    return true;
  },

  get orgs() {
    return orgs;
  },

  /** Runs what the viewer asked for; a refusal is shown. */
  async attempt(action) {
    try {
      await action();
    } catch (fault) {
      fail(fault);
    }
  },

  /**
   * Changes something by a part of the page, and looks again. A refusal stands in that part, so that what was asked can be
   * corrected. The action returns what is said when it is done, and may add notes of its own.
   */
  async change(part, action) {
    const { view } = app;
    const notes = {};
    try {
      notes[part] = await action(notes);
      app.show(view, data => ({ ...data, notes, faults: {} }));
      orgs = (await api.get('orgs')).orgs;
      const seen = await pages[view.page].load(view, Date.now(), current.signal);
      app.show(view, () => ({ ...seen, notes, faults: {} }));
    } catch (fault) {
      if (!fault.status || fault.status === 401) return fail(fault);
      app.show(view, data => ({ ...data, notes, faults: { [part]: fault } }));
    }
  },

  /** Changes the data, unless another view was chosen meanwhile. */
  show(view, change) {
    if (view !== app.view || !app.data) return;
    app.data = change(app.data);
    draw();
    follow(current.signal);
  },
};

function fail(fault) {
  if (fault.name === 'AbortError') return;
  if (!(fault instanceof api.Problem)) throw fault;
  if (fault.status === 401) {
    leave(orgs ? text.signIn.expired : `${text.signIn.refused} ${fault.detail}`);
    return;
  }
  app.fault = fault;
  draw();
}

function leave(why) {
  current.abort();
  clearTimeout(timer);
  api.signOut();
  viewer.forget();
  if (orgs) app.remember(OF_ONE_VIEWER);
  orgs = session = visit = app.data = app.fault = null;
  notice = why;
  busy = false;
  draw();
}

/** Leaves, and ends the session at the provider too. */
function signOut() {
  const ended = session;
  leave('');
  ended?.end();
}

/** Goes to the provider; the address of the view is where the viewer returns to. */
async function askProvider() {
  busy = true;
  notice = '';
  draw();
  try {
    await oidc.leaveForProvider(location.hash);
  } catch (fault) {
    refuse(fault);
  }
}

/** Begins the page: with the provider's answer, if the address holds one. */
async function begin() {
  // Until here the page's own title stands there, so that a viewer sees something at once.
  root.replaceChildren();
  const answer = oidc.offered ? oidc.takeAnswer() : null;
  if (!answer) return draw();
  app.view = parseView(location.hash);
  busy = true;
  draw();
  try {
    session = await oidc.redeem(answer);
  } catch (fault) {
    return refuse(fault);
  }
  api.signInWith(session);
  await admit();
}

function refuse(fault) {
  if (!(fault instanceof oidc.Refusal)) throw fault;
  leave(text.signIn.refusals[fault.reason](fault.message));
}

/** Signs in to the local stack, with a token that its service makes. */
async function enterLocally() {
  busy = true;
  notice = '';
  draw();
  try {
    api.signIn(await local.token());
  } catch (fault) {
    return refuse(fault);
  }
  await admit();
}

async function enter(credential, usable) {
  if (!usable) return leave(text.signIn.malformed);
  api.signIn(credential);
  await admit();
}

/** Shows what the viewer may see. */
async function admit() {
  busy = true;
  draw();
  try {
    const found = (await api.get('orgs')).orgs;
    if (!found.length) return leave(text.signIn.noOrgs);
    orgs = found;
    visit = Date.now();
    notice = '';
    busy = false;
    go({}, { replace: true });
  } catch (fault) {
    if (!(fault instanceof api.Problem)) throw fault;
    leave(fault.status === 401
      ? `${text.signIn.refused} ${fault.detail}`
      : `${fault.status ? fault.message : text.problems.unreachable}. ${nextOf(fault)}`);
  }
}

/** Shows a changed view, under an address that restores it. */
function go(changes, { replace = false } = {}) {
  const view = { ...app.view, ...changes };
  // Another organisation has other models and clients.
  if (app.view.org && view.org !== app.view.org) view.models = view.clients = [];
  view.org ||= orgs[0].orgId;
  if (changes.org) view.incident = '';
  if (changes.page) Object.assign(view, OF_ONE_PAGE);
  if (view.range !== 'own') view.from = view.to = '';
  history[replace ? 'replaceState' : 'pushState']({ visit }, '', addressOf(view));
  change(view);
}

function change(view) {
  if (view.page !== app.view.page || view.org !== app.view.org) app.data = null;
  app.view = view;
  load();
}

async function load() {
  const { view } = app;
  current.abort();
  current = new AbortController();
  const { signal } = current;
  clearTimeout(timer);
  app.fault = null;
  busy = true;
  draw();
  try {
    const data = await pages[view.page].load(view, Date.now(), signal);
    if (signal.aborted) return;
    app.data = data;
    busy = false;
    draw();
    follow(signal);
    app.attempt(async () => pages[view.page].later?.(app, signal));
  } catch (fault) {
    if (signal.aborted) return;
    busy = false;
    // Figures of another view must not stand under the controls of this one.
    app.data = null;
    fail(fault);
  }
}

/** Looks again while the page says that something is under way. */
function follow(signal) {
  clearTimeout(timer);
  const { view } = app;
  const { again, follow: look } = pages[view.page];
  const wait = again?.(app.data);
  if (!wait) return;
  timer = setTimeout(() => app.attempt(async () => {
    const seen = await look(view, app.data, signal);
    // What the viewer did meanwhile is newer.
    const newer = new Map(seen.jobs.map(job => [job.jobId, job]));
    app.show(view, data => ({ ...seen, jobs: data.jobs.map(job => newer.get(job.jobId) ?? job), nextCursor: data.nextCursor }));
  }), wait);
}

function draw() {
  const signedIn = orgs !== null;
  document.title = signedIn ? `${text.pages[app.view.page]} – ${text.title}` : text.title;
  render(signedIn ? layout() : signIn.page({ notice, busy, signIn: enter, askProvider, enterLocally }), root);
}

function layout() {
  const { view, data, fault } = app;
  const until = api.signedInUntil();
  const content = fault ? problem(fault, load) : data ? pages[view.page].page(app) : loading();
  return html`
    <a class="skip" href="#main" @click=${skip}>${text.skip}</a>
    <header class="bar">
      <strong class="brand">${text.title}</strong>
      <nav>${PAGES.map(page => html`
        <a href=${addressOf({ ...view, page, ...OF_ONE_PAGE })} aria-current=${page === view.page ? 'page' : nothing}
          @click=${event => { event.preventDefault(); go({ page }); }}>${text.pages[page]}</a>`)}</nav>
      ${until === null ? nothing : html`<span class="note" id="until">${text.signIn.until(format.dateTime(until, view.zone))}</span>`}
      <button type="button" class="quiet" id="sign-out" @click=${signOut}>${text.signIn.out}</button>
    </header>
    <div class="controls" role="group">${controls()}</div>
    <main id="main" tabindex="-1" aria-busy=${busy}>
      <h1 class="unseen">${text.pages[view.page]}</h1>
      ${content}
    </main>`;
}

/** A link to #main would replace the view in the address. */
function skip(event) {
  event.preventDefault();
  document.getElementById('main').focus();
}

function controls() {
  const { view } = app;
  const names = (words, values) => values.map(value => [value, words[value]]);
  const set = name => value => go({ [name]: value });
  const shared = [
    choice('org', text.controls.org, orgs.map(org => [org.orgId, org.name]), view.org, set('org')),
    choice('zone', text.controls.zone, names(Object.fromEntries(knownZones().map(zone => [zone, zone])), knownZones()), view.zone, set('zone')),
  ];
  if (WITHOUT_RANGE.includes(view.page)) return shared;
  // Bills come by UTC day and are those of the whole company.
  const ofCompany = view.page === 'company';
  const zone = ofCompany ? 'UTC' : view.zone;
  const range = rangeOf(view.range, zone, Date.now(), view);
  const automatic = text.controls.automatic(text.granularities[granularityOf('', range, pages[view.page].hourlyDays)]);
  const ranges = [
    choice('range', text.controls.range, names(text.ranges, RANGES), view.range, chooseRange),
    view.range === 'own' ? [
      day('from', text.controls.from, dateText(range.start, zone), set('from')),
      day('to', text.controls.to, dateText(range.end - 1, zone), set('to')),
    ] : nothing,
  ];
  const again = html`<button type="button" id="refresh" @click=${load}>${text.refresh}</button>`;
  if (ofCompany) return [...ranges, again];
  return [
    shared[0],
    ...ranges,
    choice('granularity', text.controls.granularity,
      [['', automatic], ...names(text.granularities, granularities(range))], view.granularity, set('granularity')),
    filters.controls(view, go),
    view.page === 'overview'
      ? choice('split', text.controls.split, names(text.splits, SPLITS), view.split, set('split')) : nothing,
    shared[1],
    again,
  ];
}

/** Own dates begin with those that were shown, so that the link holds them. */
function chooseRange(range) {
  if (range !== 'own') return go({ range });
  const { view } = app;
  const shown = rangeOf(view.range, view.zone, Date.now(), view);
  return go({ range, from: dateText(shown.start, view.zone), to: dateText(shown.end - 1, view.zone) });
}

const allZones = zones();
const knownZones = () => (allZones.includes(app.view.zone) ? allZones : [app.view.zone, ...allZones]);

addEventListener('popstate', ({ state }) => {
  const view = parseView(location.hash);
  if (state?.visit && state.visit !== visit) {
    Object.assign(view, OF_ONE_VIEWER);
    history.replaceState(null, '', addressOf(view));
  }
  if (!orgs) {
    app.view = view;
    return;
  }
  view.org ||= orgs[0].orgId;
  change(view);
});

begin();
