package io.inference.analytics.access;

import jakarta.enterprise.context.RequestScoped;
import java.util.Optional;

/**
 * The caller of the current request, as the filter found it; empty only in methods that are open to
 * everybody.
 */
@RequestScoped
public class CurrentCaller {

    private Optional<Caller> caller = Optional.empty();

    void set(Caller found) {
        caller = Optional.of(found);
    }

    public Optional<Caller> caller() {
        return caller;
    }

    /** The caller, where the method is not open to everybody. */
    public Caller required() {
        return caller.orElseThrow(() -> new IllegalStateException("no caller: the method is open to everybody"));
    }
}
