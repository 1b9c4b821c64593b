// Points of the usage API, turned into groups and the series of a chart.

import { sum } from './decimal.js';
import { text } from './messages.js';

export const SHOWN = 7;

const tokensOf = point => point.inputTokens + point.outputTokens;

export const MEASURES = {
  cost: point => Number(point.cost?.amount ?? 0),
  invocations: point => point.invocations,
};

const add = (points, of) => points.reduce((total, point) => total + of(point), 0);

/** The exact cost of points; null when no usage has a price: points that only fill a gap cost 0. */
function costOf(points) {
  const priced = points.filter(point => point.invocations > 0 && point.cost !== null);
  return priced.length ? sum(priced.map(point => point.cost.amount)) : null;
}

/** Starts of the buckets that occur, in order, in milliseconds. */
export const startsOf = series => [...new Set(series.map(point => point.bucketStart))].map(Date.parse).sort((a, b) => a - b);

/** The groups of a usage answer, the most expensive first. */
export function groupsOf(series, keyOf, nameOf) {
  const byKey = new Map();
  for (const point of series) {
    const key = keyOf(point);
    if (!byKey.has(key)) byKey.set(key, []);
    byKey.get(key).push(point);
  }
  const groups = [...byKey].map(([key, points]) => ({
    key,
    name: nameOf(key),
    points,
    cost: costOf(points),
    invocations: add(points, MEASURES.invocations),
    errors: add(points, point => point.errors),
    tokens: add(points, tokensOf),
    unpriced: add(points, point => point.unpricedInvocations),
  })).filter(group => group.invocations > 0);
  return groups.sort((a, b) => Number(b.cost ?? 0) - Number(a.cost ?? 0) || b.invocations - a.invocations);
}

/** One series of values per group, by bucket; the small ones together. */
export function stackOf(groups, starts, measure) {
  const of = MEASURES[measure];
  const valuesOf = adding(groups, starts);
  const stack = groups.slice(0, SHOWN).map(group => ({ name: group.name, values: valuesOf([group], of) }));
  const rest = groups.slice(SHOWN);
  if (rest.length) {
    stack.push({ name: text.charts.other(rest.length), values: valuesOf(rest, of), color: '--series-other' });
  }
  return stack;
}

/** The same of chosen groups; what the whole has beyond them is the last series. */
export function stackWithin(whole, groups, starts, measure) {
  const of = MEASURES[measure];
  const valuesOf = adding([...whole, ...groups], starts);
  const stack = groups.map(group => ({ name: group.name, values: valuesOf([group], of) }));
  const rest = valuesOf(whole, of)
    .map((value, i) => beyond(value, stack.reduce((total, one) => total + one.values[i], 0)));
  return rest.some(Boolean) ? [...stack, { name: text.charts.rest, values: rest, color: '--series-other' }] : stack;
}

/** What is left is none where only the rounding of binary fractions is. */
const beyond = (whole, part) => (Math.abs(whole - part) <= Math.abs(whole) * 1e-12 ? 0 : Math.max(0, whole - part));

/** Adds points up by bucket. Each start is parsed once, not for each of its points. */
function adding(groups, starts) {
  const index = new Map(starts.map((start, i) => [start, i]));
  const place = new Map();
  for (const { bucketStart } of groups.flatMap(group => group.points)) {
    if (!place.has(bucketStart)) place.set(bucketStart, index.get(Date.parse(bucketStart)));
  }
  return (some, of) => {
    const values = new Array(starts.length).fill(0);
    for (const { points } of some) {
      for (const point of points) values[place.get(point.bucketStart)] += of(point);
    }
    return values;
  };
}

/** Tokens by class; the input of the API includes what came from a cache and went to one. */
export function tokenClasses(groups, starts) {
  const valuesOf = adding(groups, starts);
  const classes = {
    input: point => point.inputTokens - point.cacheReadInputTokens - point.cacheWriteInputTokens,
    cacheRead: point => point.cacheReadInputTokens,
    cacheWrite: point => point.cacheWriteInputTokens,
    output: point => point.outputTokens,
  };
  return Object.entries(classes).map(([name, of]) => ({ name: text.tokenClasses[name], values: valuesOf(groups, of) }));
}
