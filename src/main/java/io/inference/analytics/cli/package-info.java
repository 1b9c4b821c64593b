/**
 * Owns the command line: one class a command, which reads its arguments, calls a room and prints what the room says.
 *
 * <p>May touch: features, platform.
 *
 * <p>Invariants: a command opens no port, consumes nothing and runs no background job; standard output is its result alone,
 * errors are one line on standard error; exit codes are 0 done, 1 failed, 2 usage.
 *
 * <p>On failure: what the room did before is committed or rolled back by the room; every command can be run again.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.cli;
