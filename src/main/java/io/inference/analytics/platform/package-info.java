/**
 * What every room may use and no room owns: the clock, failures without HTTP in them, retention, traces, the keys of advisory
 * locks, wire names, ids, secrets, CSV text and small documents at an address. And the end of all scheduled jobs.
 *
 * <p>May touch: nothing.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.platform;
