// How the monthly file of an organisation is made.

import { html, nothing } from './lit-html.js';
import * as api from './api.js';
import { text } from './messages.js';
import { choice, field, refusal } from './parts.js';
import { ofSession } from './session.js';

const pathOf = view => `orgs/${view.org}/export-settings`;
const FIELDS = ['monthly', 'graceDays', 'granularity', 'format', 'timeZone'];

/**
 * The form, what it was filled with, and whose settings: a reload must not take what the viewer has typed meanwhile.
 */
const mine = ofSession(() => ({ form: {}, filled: {}, formOf: null }));

export async function load(view, signal) {
  const settings = await api.get(pathOf(view), {}, signal);
  const seen = Object.fromEntries(FIELDS.map(name => [name, settings[name] === null ? '' : String(settings[name])]));
  // A field that is untouched follows the settings, so that saving another one does not undo what someone else has changed.
  for (const name of FIELDS) if (mine.formOf !== view.org || mine.form[name] === mine.filled[name]) mine.form[name] = seen[name];
  mine.filled = seen;
  mine.formOf = view.org;
  return settings;
}

export function card(app) {
  const words = text.exportSettings;
  const { exportSettings: settings, notes, faults } = app.data;
  return html`
    <section class="card" id="export-settings" aria-labelledby="title-export-settings">
      <h2 id="title-export-settings">${words.heading}</h2>
      ${settings.fault ? refusal(settings.fault) : html`
        <p>${words.lead}</p>
        ${editor(settings, app)}
        <p class="note">${settings.retentionDays ? words.kept(settings.retentionDays) : nothing}
          ${settings.bucket ? words.bucket(settings.bucket) : nothing} ${words.operators}</p>
        <p class="note" role="status">${notes.exportSettings ?? ''}</p>
        ${faults.exportSettings ? refusal(faults.exportSettings) : nothing}`}
    </section>`;
}

function editor(settings, app) {
  const words = text.exportSettings;
  const set = name => value => {
    mine.form[name] = value;
    app.draw();
  };
  const options = (named, standard) => [['', words.standard(named[standard])], ...Object.entries(named)];
  const submit = event => {
    event.preventDefault();
    // What is left empty goes back to its default.
    const body = Object.fromEntries(Object.entries(mine.form).filter(([, value]) => value !== ''));
    if (body.monthly) body.monthly = body.monthly === 'true';
    app.change('exportSettings', async () => {
      await api.put(pathOf(app.view), body);
      mine.formOf = null;
      return words.saved;
    });
  };
  return html`
    <form aria-labelledby="title-export-settings" @submit=${submit}>
      <div class="controls">
        ${choice('export-monthly', words.monthly, options(words.made, settings.monthlyDefault), mine.form.monthly, set('monthly'))}
        ${choice('export-format', text.finance.format, options(text.finance.formats, 'csv'), mine.form.format, set('format'))}
        ${choice('export-granularity', text.finance.granularity, options(text.finance.granularities, 'daily'), mine.form.granularity, set('granularity'))}
        ${field({ id: 'export-grace', label: words.grace(settings.graceDaysDefault), value: mine.form.graceDays, set: set('graceDays'),
          required: false, pattern: '[0-9]{1,2}', title: words.graceRule })}
        ${field({ id: 'export-zone', label: words.zone, value: mine.form.timeZone, set: set('timeZone'), required: false, title: words.zoneRule })}
        <button type="submit" class="primary">${words.button}</button>
      </div>
    </form>`;
}
