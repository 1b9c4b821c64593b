// Numbers, money and times in the viewer's language. Only texts of messages.js are English.

const locale = navigator.languages?.length ? [...navigator.languages] : undefined;

/** Making a format takes as long as hundreds of uses. */
const formats = new Map();

function made(Format, options) {
  const key = Format.name + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Format(locale, options));
  return formats.get(key);
}

const number = (options = {}) => made(Intl.NumberFormat, options);

const whole = number();
const short = number({ notation: 'compact', maximumFractionDigits: 1 });
const rate = number({ style: 'percent', maximumFractionDigits: 2 });
const signedRate = number({ style: 'percent', maximumFractionDigits: 1, signDisplay: 'exceptZero' });
const points = number({ maximumFractionDigits: 2, signDisplay: 'exceptZero' });

export const count = value => whole.format(value);
export const compact = value => short.format(value);
export const percent = value => rate.format(value);
export const change = ratio => signedRate.format(ratio);
/** A difference of two rates, in percentage points. */
export const percentagePoints = value => points.format(value * 100);

/** Takes the exact text of the API; small amounts keep three significant digits. */
export function money(amount, currency = 'USD') {
  const value = Math.abs(Number(amount));
  const digits = value === 0 || value >= 1 ? {} : { minimumFractionDigits: 2, maximumSignificantDigits: 3 };
  return number({ style: 'currency', currency, ...digits }).format(amount);
}

/** A decimal of the API with all its digits. */
export const exact = decimal => number({ maximumFractionDigits: 12 }).format(decimal);

export const compactMoney = (value, currency = 'USD') =>
  number({ style: 'currency', currency, notation: 'compact', maximumFractionDigits: 2 }).format(value);

const unit = (name, options) => number({ style: 'unit', unit: name, unitDisplay: 'narrow', ...options });

export function duration(millis) {
  return millis < 1000
    ? unit('millisecond', { maximumFractionDigits: 0 }).format(millis)
    : unit('second', { maximumFractionDigits: 2 }).format(millis / 1000);
}

/** A lag in the largest unit that makes it readable. */
export function lag(seconds) {
  const [value, name] = seconds < 120 ? [seconds, 'second'] : seconds < 7200 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour'];
  return number({ style: 'unit', unit: name, unitDisplay: 'long', maximumFractionDigits: 0 }).format(value);
}

export function bytes(value) {
  const [size, name] = value < 1e6 ? [value / 1e3, 'kilobyte'] : [value / 1e6, 'megabyte'];
  return unit(name, { maximumFractionDigits: 1 }).format(size);
}

const time = (options, zone) => made(Intl.DateTimeFormat, { timeZone: zone, ...options });

/** Keeps what is written from right to left apart from the sentence around it: two dates in a row would change places. */
const apart = written => (/[\u0590-\u08ff]/.test(written) ? `\u2068${written}\u2069` : written);

export const dateTime = (millis, zone) => apart(time({ dateStyle: 'medium', timeStyle: 'short' }, zone).format(millis));
export const date = (millis, zone) => apart(time({ dateStyle: 'medium' }, zone).format(millis));
export const clock = (millis, zone) => time({ timeStyle: 'short' }, zone).format(millis);

/** Without a year, unless a day of the year could occur twice. */
export function bucketLabels(starts, granularity, zone) {
  const long = starts.at(-1) - starts[0] > 330 * 864e5;
  const options = {
    hour: { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' },
    day: { weekday: 'short', month: 'short', day: 'numeric', ...(long && { year: '2-digit' }) },
    month: { year: 'numeric', month: 'long' },
  }[granularity];
  const format = time(options, zone);
  return starts.map(start => format.format(start));
}
