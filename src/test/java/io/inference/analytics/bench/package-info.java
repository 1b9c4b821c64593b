/**
 * The benchmarks of {@code local-dev/bench}: each figure of the packaged service stands beside a reference that was measured in
 * the same run, because only their ratio means something on another machine.
 */
package io.inference.analytics.bench;
