package io.inference.analytics.cli;

import java.io.PrintWriter;
import java.util.Set;

/**
 * A command that runs inside the service. Its class is instantiated twice: without beans, to read
 * the arguments, and as a bean, to run. So rooms are injected into fields, and only {@link #run} may
 * use them.
 */
interface ServiceCommand {

    /** A server that a command talks to. */
    enum Need {
        DATABASE,
        BROKER
    }

    /** A command that changes what callers may do or see. */
    interface Change extends ServiceCommand {
        @Override
        default boolean changesSomething() {
            return true;
        }
    }

    /** Settings of all other servers may be missing or wrong. */
    default Set<Need> needs() {
        return Set.of(Need.DATABASE);
    }

    /**
     * Checks what no single argument shows, before anything starts.
     *
     * @throws io.inference.analytics.platform.Failure.Invalid naming the field, its value and what is
     *     expected
     */
    default void validate() {}

    /** Whether the audit log gets an entry before the command begins. */
    default boolean changesSomething() {
        return false;
    }

    /**
     * Does the work and prints the result.
     *
     * @return the exit code: 0 done, 1 failed
     */
    int run(PrintWriter out) throws Exception;
}
