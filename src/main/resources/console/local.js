// Signs in to the local stack by one click. The service writes `data-local` only where it has the key of a local stack.

import { Refusal } from './oidc.js';

export const offered = document.querySelector('meta[name=sign-in]')?.dataset.local !== undefined;

/** A token with all rights on the local stack. */
export async function token() {
  try {
    const response = await fetch(new URL('local-sign-in', document.baseURI), {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}', credentials: 'omit', cache: 'no-store', redirect: 'error',
    });
    if (response.ok) return (await response.json()).token;
  } catch {
    // The service is down: the same advice helps.
  }
  throw new Refusal('local');
}
