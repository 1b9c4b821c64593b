// Ranges and buckets in a time zone. Ranges are half-open, as in the API: [start, end).

export const HOUR = 3600e3;
export const DAY = 24 * HOUR;

export const RANGES = ['today', 'last-7-days', 'last-30-days', 'month-to-date', 'last-month', 'own'];

/** The widest range that the API takes at each granularity, in days. */
const DAYS_MAX = { hour: 31, day: 400, month: 395 };

export const floorHour = millis => Math.floor(millis / HOUR) * HOUR;

/** Making a format takes as long as hundreds of uses. */
const formats = new Map();

function formatOf(zone) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat('en-CA', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric',
      hour: 'numeric', minute: 'numeric', second: 'numeric',
    }));
  }
  return formats.get(zone);
}

function partsIn(zone, millis) {
  const parts = {};
  for (const { type, value } of formatOf(zone).formatToParts(millis)) parts[type] = Number(value);
  return parts;
}

function offset(zone, millis) {
  const p = partsIn(zone, millis);
  return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(millis / 1000) * 1000;
}

/** The instant at which a day begins in the zone; month and day may overflow, as in Date.UTC. */
export function midnight(zone, year, month, day) {
  const local = Date.UTC(year, month - 1, day);
  const guess = local - offset(zone, local);
  return local - offset(zone, guess);
}

export function isZone(zone) {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** The browser's zone. */
export const defaultZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

/** All that the browser knows. */
export function zones() {
  return [...new Set(['UTC', ...(Intl.supportedValuesOf?.('timeZone') ?? [])])];
}

function date(text, fallback) {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text ?? '');
  return match ? match.slice(1).map(Number) : fallback;
}

/**
 * Start and end of a range by its name, and those of the range before that it is compared with. A range that still runs is
 * compared up to the last full hour.
 */
export function rangeOf(name, zone, now, own = {}) {
  const { year, month, day } = partsIn(zone, now);
  const today = midnight(zone, year, month, day);
  const toNow = (start, beforeStart) => {
    const until = Math.max(start, floorHour(now));
    return {
      start, end: now, running: true, until,
      before: { start: beforeStart, end: Math.min(start, beforeStart + until - start) },
    };
  };
  switch (name) {
    case 'today': return toNow(today, midnight(zone, year, month, day - 1));
    case 'last-7-days': return toNow(floorHour(now) - 7 * DAY, floorHour(now) - 14 * DAY);
    case 'month-to-date': return toNow(midnight(zone, year, month, 1), midnight(zone, year, month - 1, 1));
    case 'last-month': return complete(
      midnight(zone, year, month - 1, 1), midnight(zone, year, month, 1), midnight(zone, year, month - 2, 1));
    case 'own': {
      const [fromYear, fromMonth, fromDay] = date(own.from, [year, month, day - 6]);
      const [toYear, toMonth, toDay] = date(own.to, [year, month, day]);
      const start = midnight(zone, fromYear, fromMonth, fromDay);
      const end = midnight(zone, toYear, toMonth, toDay + 1);
      // Whole days of the zone, whatever a clock change makes of their hours.
      const before = midnight(zone, fromYear, fromMonth, fromDay - Math.round((end - start) / DAY));
      return start < now && now < end ? toNow(start, before) : complete(start, end, before);
    }
    default: return toNow(floorHour(now) - 30 * DAY, floorHour(now) - 60 * DAY);
  }
}

const complete = (start, end, beforeStart) =>
  ({ start, end, running: false, until: end, before: { start: beforeStart, end: start } });

export function granularities(range) {
  const days = (range.end - range.start) / DAY;
  return Object.keys(DAYS_MAX).filter(granularity => days <= DAYS_MAX[granularity]);
}

/** The chosen granularity where the API takes it; else hours up to so many days, then days, then months. */
export function granularityOf(chosen, range, hourlyDays = 2) {
  const possible = granularities(range);
  if (possible.includes(chosen)) return chosen;
  const days = (range.end - range.start) / DAY;
  return days <= hourlyDays ? 'hour' : days <= 92 ? 'day' : 'month';
}

/** The end of the bucket that begins at the instant. */
export function bucketEnd(start, granularity, zone) {
  if (granularity === 'hour') return start + HOUR;
  const { year, month, day } = partsIn(zone, start);
  return granularity === 'day' ? midnight(zone, year, month, day + 1) : midnight(zone, year, month + 1, 1);
}

/** The starts of all buckets that the range touches. */
export function bucketsOf({ start, end }, granularity, zone) {
  const { year, month, day } = partsIn(zone, start);
  const starts = [];
  let next = granularity === 'hour' ? floorHour(start) : midnight(zone, year, month, granularity === 'day' ? day : 1);
  while (next < end) {
    starts.push(next);
    next = bucketEnd(next, granularity, zone);
  }
  return starts;
}

/** The instant of a local date and time, as an input of type datetime-local has them; NaN where it is not one. */
export function instantOf(text, zone) {
  const local = Date.parse(`${text}Z`);
  if (Number.isNaN(local)) return local;
  return local - offset(zone, local - offset(zone, local));
}

/** Local date and time to the minute, as an input of type datetime-local takes them. */
export const minuteText = (millis, zone) => new Date(millis + offset(zone, millis)).toISOString().slice(0, 16);

/** A date of the zone as an input of type date has it. */
export function dateText(millis, zone) {
  const { year, month, day } = partsIn(zone, millis);
  return [String(year).padStart(4, '0'), month, day].map(part => String(part).padStart(2, '0')).join('-');
}
