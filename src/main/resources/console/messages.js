// Every text of the page. Another language is another file like this one.

export const text = {
  title: 'Inference analytics',
  pages: { overview: 'Overview', reliability: 'Reliability', finance: 'Finance' },
  skip: 'Skip to the figures',
  loading: 'Loading…',
  refresh: 'Refresh',
  retry: 'Try again',
  none: '–',

  signIn: {
    heading: 'Sign in',
    lead: 'Paste a token or an API key. It stays in the memory of this tab, and is gone when you close or reload it.',
    label: 'Token or API key',
    button: 'Sign in',
    out: 'Sign out',
    where: 'Your administrator issues both. On a local stack, local-dev/run prints a token, and local-dev/token makes another.',
    expired: 'Your credential is no longer accepted. Sign in again to continue where you were.',
    refused: 'This credential was not accepted.',
    malformed: 'A token or a key has no blanks, line breaks or letters other than ASCII.',
    noOrgs: 'This credential is good, but not for any organisation. Ask your administrator for one.',
  },

  controls: {
    org: 'Organisation', range: 'Range', from: 'From', to: 'Up to and including', granularity: 'Granularity',
    zone: 'Time zone', split: 'Split by', automatic: name => `Automatic (${name})`,
  },
  ranges: {
    'today': 'Today', 'last-7-days': 'Last 7 days', 'last-30-days': 'Last 30 days',
    'month-to-date': 'Month to date', 'last-month': 'Last month', 'own': 'Own dates',
  },
  granularities: { hour: 'hour', day: 'day', month: 'month' },
  splits: { model: 'model', client: 'client' },

  figures: {
    spend: 'Spend', invocations: 'Invocations', tokens: 'Tokens', errorRate: 'Error rate',
    latency: 'Latency, p95', firstToken: 'Time to first token, p95',
    running: 'So far: the range is still running.',
    unpriced: (unpriced, all) => `Incomplete: ${unpriced} of ${all} invocations have no price, so their cost is missing.`,
    noPrice: 'No invocation of this range has a price.',
    noErrors: 'No invocation failed.',
    failed: (errors, all) => `${errors} of ${all} invocations failed.`,
    notReported: 'No invocation of this range reported it.',
    percentiles: (p50, p99) => `p50 ${p50}, p99 ${p99}`,
    notComparable: 'No comparison: costs are incomplete.',
    points: value => `${value} points`,
    same: 'No change',
    compared: (start, end, beforeStart, beforeEnd) =>
      `Changes compare ${start} – ${end} with ${beforeStart} – ${beforeEnd}.`,
    nothingBefore: 'There was no usage in the period before, so no change is shown.',
    notKept: 'The period before is no longer kept in full, so no change is shown.',
    tooEarly: 'The range has no full hour yet, so no change is shown.',
  },

  freshness: {
    current: 'Up to date',
    complete: lag => `Complete up to ${lag} ago`,
    behind: lag => `${lag} behind`,
    unknown: 'Freshness unknown',
    delayed: 'The newest invocations are still on their way and missing from these figures.',
    stale: 'Recent figures are too low. Operators find the cause in the runbooks.',
    unknownHelp: 'The service cannot reach its message broker, so newer invocations may be missing.',
    fresh: 'All invocations that producers have reported are in these figures.',
    nearly: 'The invocations since then are on their way.',
  },

  charts: {
    spend: 'Spend over time', invocations: 'Invocations over time', tokens: 'Tokens by class',
    errorRate: 'Error rate', latency: 'Latency', firstToken: 'Time to first token', errors: 'Errors by status',
    partial: 'Pale bars are incomplete: still running, or cut by the range.',
    partialPoints: 'Hollow points are incomplete: still running, or cut by the range.',
    spikes: 'Pins mark buckets that are much worse than the hour before.',
    table: 'Table', csv: 'CSV', csvOf: title => `${title}: download as CSV`,
    bucket: 'From', total: 'Total', other: count => `${count} others`, incomplete: 'incomplete',
    spike: { errorRate: 'error rate', p95: 'p95' }, spikeColumn: 'Spike',
  },
  tokenClasses: { input: 'Input, not cached', cacheRead: 'Cache read', cacheWrite: 'Cache write', output: 'Output' },
  statuses: { error: 'error', timeout: 'timeout', throttled: 'throttled' },

  top: {
    model: 'Models by spend', client: 'Clients by spend', name: 'Name', share: 'Share', spend: 'Spend',
    invocations: 'Invocations', tokens: 'Tokens', errorRate: 'Error rate', unpriced: 'Without price',
    noClient: 'No client named', more: 'Show all', fewer: 'Show fewer',
  },

  outlook: {
    heading: 'What to expect',
    expected: total => `This month is expected to end at ${total}.`,
    between: (low, high, percent, spent) =>
      `In ${percent} of 100 cases it ends between ${low} and ${high}. Spent so far: ${spent}.`,
    none: reason => `This month cannot be forecast: ${reason}.`,
    incomplete: 'Invocations without a price are missing from it.',
    unreadable: 'The forecast cannot be read at the moment.',
    usual: 'No day of the last 30 cost unusually much or little.',
    unusual: (date, cost, usual, who) => `${date} cost ${cost}; usual is ${usual}.${who ? ` Moved most: ${who}.` : ''}`,
  },

  empty: {
    usage: 'No usage in this range',
    usageHelp: 'Choose a wider range, or another organisation.',
    exports: 'No exports yet',
    exportsHelp: 'Ask for a file above. It stays here until it expires.',
  },

  problems: {
    unreachable: 'The service cannot be reached',
    trace: id => `Trace id for the operators: ${id}`,
    next: {
      0: 'Check your connection, then try again.',
      400: 'Change the range, the granularity or the time zone.',
      403: 'Ask your administrator for a role that includes this, or choose another page or organisation.',
      404: 'Go back to the overview and choose again.',
      409: 'Refresh the page to see the present state.',
      410: 'Ask for a new export.',
      429: 'Wait a few seconds, then try again.',
      500: 'Try again. If it happens again, give the trace id to the operators.',
      503: 'Wait a few seconds, then try again.',
    },
  },

  finance: {
    ask: 'Ask for a file', which: 'Period', granularity: 'One row per', format: 'Format', button: 'Create export',
    periods: { 'last-month': 'Last month', 'month-to-date': 'Month to date', 'own': 'Own dates, at most 31 days' },
    granularities: { hourly: 'hour', daily: 'day', monthly: 'month' },
    formats: { csv: 'CSV of this service', focus: 'FOCUS 1.2 CSV' },
    zone: zone => `Days follow ${zone}.`,
    accepted: 'Accepted. The file is being made; this page follows its progress.',
    tooShort: 'The range has no full hour yet.',
    past: 'Exports', period: 'Period', state: 'State', rows: 'Rows', spend: 'Spend', asked: 'Asked', file: 'File',
    download: 'Download', cancel: 'Cancel', older: 'Older exports',
    monthly: (month, revision) => `Monthly file ${month}, revision ${revision}`,
    states: {
      pending: 'Waiting', running: 'Being made', succeeded: 'Ready', failed: 'Failed', cancelled: 'Cancelled',
      expired: 'Expired',
    },
    reconciled: { equal: 'Equals the raw events', unequal: 'Differs from the raw events: do not use it, ask the operators' },
    unchecked: 'Raw events are no longer kept, so the file was not compared with them',
    until: date => `Kept until ${date}`,
    checksum: 'SHA-256',
    unpriced: count => `${count} without a price`,
    by: (who, when) => `${who}, ${when}`,
    tries: count => `Attempt ${count}`,
  },
};
