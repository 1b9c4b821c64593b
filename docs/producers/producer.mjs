// Publishes usage events over HTTP. Needs Node 18 and nothing else.
// Settings: ANALYTICS_URL, ANALYTICS_ORG, ANALYTICS_API_KEY. Run as a program it publishes one sample event.

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const TRIES_MAX = 5;
const { ANALYTICS_URL, ANALYTICS_ORG, ANALYTICS_API_KEY } = process.env;

/** Resolves once the broker keeps all events. The same events may be published again: each is counted once. */
export async function publish(events) {
  for (let attempt = 1; ; attempt++) {
    let problem;
    try {
      const response = await fetch(`${ANALYTICS_URL}/analytics/v1/orgs/${ANALYTICS_ORG}/events`, {
        method: 'POST',
        headers: { 'X-API-Key': ANALYTICS_API_KEY, 'Content-Type': 'application/json' },
        body: JSON.stringify(events),
        signal: AbortSignal.timeout(10_000),
      });
      if (response.status === 202) {
        const { accepted, rejected } = await response.json();
        if (rejected.length > 0) problem = { final: true, message: JSON.stringify(rejected) };
        else return accepted;
      } else {
        problem = { final: ![429, 502, 503, 504].includes(response.status), message: await response.text() };
      }
    } catch (fault) {
      problem = { final: false, message: String(fault) };
    }
    if (problem.final || attempt === TRIES_MAX) throw new Error(problem.message);
    await pause(1_000 * 2 ** attempt);
  }
}

/** An event of one call, made when its stream has ended. Keep its eventId with it, and publish it once. */
export function event(modelId, started, ended, usage, more = {}) {
  return {
    eventId: randomUUID(),
    orgId: ANALYTICS_ORG,
    modelId,
    occurredAt: ended.toISOString(),
    latencyMs: ended - started,
    status: 'success',
    ...usage,
    ...more,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const ended = new Date();
  const sample = event(
    '00000000-0000-4000-9000-000000000001',
    new Date(ended.getTime() - 812),
    ended,
    { inputTokens: 1500, outputTokens: 320, cacheReadInputTokens: 1000 },
    { clientId: 'node', serviceTier: 'batch' },
  );
  console.log('accepted', await publish([sample]));
}
