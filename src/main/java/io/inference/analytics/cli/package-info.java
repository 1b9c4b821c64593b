/**
 * Owns the command line. One file per group of commands: a command declares its arguments, calls a
 * room and prints the result.
 *
 * <p>May touch: every room.
 *
 * <p>Invariants: a command opens no port, consumes nothing and runs no background job. Standard output
 * holds the result alone; errors are one line on standard error. Exit codes are 0 done, 1 failed, 2
 * wrong usage. Faulty arguments are refused before anything starts. Only this room knows options: rooms
 * name fields, and {@link io.inference.analytics.cli.FieldNames} prints the option of a field.
 *
 * <p>On failure: the room has committed or rolled back what it did; every command can be run again.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.cli;
