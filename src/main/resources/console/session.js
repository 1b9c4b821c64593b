// What a viewer has typed, opened and been shown. The next viewer of the same tab may see less.

const begun = [];

/** State that is as given at the beginning of each session. */
export function ofSession(begin) {
  const state = begin();
  begun.push(() => Object.assign(state, begin()));
  return state;
}

/** Ends the session of a viewer. */
export const forget = () => begun.forEach(again => again());
