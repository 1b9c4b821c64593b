package io.inference.analytics.cli;

import java.io.PrintWriter;
import java.util.Set;

/**
 * A command that runs inside the service. Its class is read twice: without beans, to look at the arguments, and as a bean to run;
 * so rooms are injected into fields and only {@link #run} may use them.
 */
interface ServiceCommand {

    /** What a command can need to be there. */
    enum Need {
        DATABASE,
        BROKER
    }

    /** Settings of anything else may be missing or wrong. */
    default Set<Need> needs() {
        return Set.of(Need.DATABASE);
    }

    /**
     * Checks what the parser can not see, before anything starts.
     *
     * @throws io.inference.analytics.platform.Failure.Invalid naming the option, its value and what is expected
     */
    default void validate() {}

    /** Whether it changes what callers may do or see; then the audit log has an entry before it begins. */
    default boolean changesSomething() {
        return false;
    }

    /**
     * Does it and prints the result.
     *
     * @return the exit code: 0 done, 1 failed
     */
    int run(PrintWriter out) throws Exception;
}
