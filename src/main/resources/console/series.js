// Points of the usage API, turned into groups and the series of a chart.

import { text } from './messages.js';

export const SHOWN = 7;

export const MEASURES = {
  cost: point => Number(point.cost?.amount ?? 0),
  invocations: point => point.invocations,
};

/** Starts of the buckets that occur, in order, in milliseconds. */
export const startsOf = series => [...new Set(series.map(point => point.bucketStart))].map(Date.parse).sort((a, b) => a - b);

/** The groups of a usage answer, in the order of the rows that name them. */
export function groupsOf(series, rows, keyOf, nameOf) {
  const points = new Map(rows.map(row => [row.key, []]));
  for (const point of series) points.get(keyOf(point))?.push(point);
  return rows.map(row => ({ name: nameOf(row), points: points.get(row.key) }));
}

/** One series of values per group, by bucket; what the whole has beyond them is the last one. */
export function stackOf(whole, groups, starts, measure) {
  const of = MEASURES[measure];
  const valuesOf = adding([whole, ...groups.map(group => group.points)], starts);
  const stack = groups.map(group => ({ name: group.name, values: valuesOf(group.points, of) }));
  const rest = valuesOf(whole, of)
    .map((value, i) => beyond(value, stack.reduce((total, one) => total + one.values[i], 0)));
  return rest.some(Boolean) ? [...stack, { name: text.charts.rest, values: rest, color: '--series-other' }] : stack;
}

/** What is left is none where only the rounding of binary fractions is. */
const beyond = (whole, part) => (Math.abs(whole - part) <= Math.abs(whole) * 1e-12 ? 0 : Math.max(0, whole - part));

/** Adds points up by bucket. Each start is parsed once, not for each of its points. */
function adding(series, starts) {
  const index = new Map(starts.map((start, i) => [start, i]));
  const place = new Map();
  for (const { bucketStart } of series.flat()) {
    if (!place.has(bucketStart)) place.set(bucketStart, index.get(Date.parse(bucketStart)));
  }
  return (points, of) => {
    const values = new Array(starts.length).fill(0);
    for (const point of points) values[place.get(point.bucketStart)] += of(point);
    return values;
  };
}

/** Tokens by class; the input of the API includes what came from a cache and went to one. */
export function tokenClasses(points, starts) {
  const valuesOf = adding([points], starts);
  const classes = {
    input: point => point.inputTokens - point.cacheReadInputTokens - point.cacheWriteInputTokens,
    cacheRead: point => point.cacheReadInputTokens,
    cacheWrite: point => point.cacheWriteInputTokens,
    output: point => point.outputTokens,
  };
  return Object.entries(classes).map(([name, of]) => ({ name: text.tokenClasses[name], values: valuesOf(points, of) }));
}
