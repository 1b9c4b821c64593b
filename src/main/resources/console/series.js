// Points of the usage API, turned into groups and the series of a chart.

import { sum } from './decimal.js';
import { text } from './messages.js';

const SHOWN = 7;

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
export const startsOf = series => [...new Set(series.map(point => Date.parse(point.bucketStart)))].sort((a, b) => a - b);

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
  const place = new Map(starts.map((start, index) => [start, index]));
  const stack = groups.slice(0, SHOWN).map(group => ({ name: group.name, values: valuesOf([group], place, measure) }));
  const rest = groups.slice(SHOWN);
  if (rest.length) {
    stack.push({ name: text.charts.other(rest.length), values: valuesOf(rest, place, measure), color: '--series-other' });
  }
  return stack;
}

function valuesOf(groups, place, measure) {
  const values = new Array(place.size).fill(0);
  for (const group of groups) {
    for (const point of group.points) values[place.get(Date.parse(point.bucketStart))] += MEASURES[measure](point);
  }
  return values;
}

/** Tokens by class; the input of the API includes what came from a cache and went to one. */
export function tokenClasses(groups, starts) {
  const place = new Map(starts.map((start, index) => [start, index]));
  const classes = {
    input: point => point.inputTokens - point.cacheReadInputTokens - point.cacheWriteInputTokens,
    cacheRead: point => point.cacheReadInputTokens,
    cacheWrite: point => point.cacheWriteInputTokens,
    output: point => point.outputTokens,
  };
  return Object.entries(classes).map(([name, of]) => {
    const values = new Array(starts.length).fill(0);
    for (const group of groups) {
      for (const point of group.points) values[place.get(Date.parse(point.bucketStart))] += of(point);
    }
    return { name: text.tokenClasses[name], values };
  });
}
