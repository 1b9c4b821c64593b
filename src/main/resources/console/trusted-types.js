// ECharts empties its element by innerHTML = ''. Where the browser enforces Trusted Types, that needs
// a policy: this one allows the empty text and refuses all other.
if (globalThis.trustedTypes) {
  trustedTypes.createPolicy('default', { createHTML: text => (text === '' ? '' : null) });
}
