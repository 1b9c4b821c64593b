package io.inference.analytics.cli;

import io.inference.analytics.settings.Setting;
import io.inference.analytics.settings.SettingsCheck;
import io.inference.analytics.web.SlowRequestGuard;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The entry point of the jar. It reads the arguments before Quarkus starts, so help and mistakes cost no
 * start. A command decides which parts of the service start at all (see {@link CommandSettings}).
 * Without arguments the server starts.
 */
@QuarkusMain
public final class Main {

    private Main() {}

    public static void main(String... args) {
        // SQL, keys, JSON and the log hold numbers, whose digits must not depend on the machine's language.
        Locale.setDefault(Locale.ROOT);
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        Invocation invocation = Invocation.read(args, out, err);
        if (invocation instanceof Invocation.Ended ended) {
            System.exit(ended.exitCode());
        } else if (invocation instanceof Invocation.Run run) {
            CommandSettings.of(run.command().needs()).forEach(System::setProperty);
            prepare(CommandSettings.unused(run.command().needs()), err);
            Quarkus.run(CommandRun.class, (code, failure) -> exit(code, failure, err), args);
        } else {
            prepare(Set.of(), err);
            // Otherwise Quarkus refuses an address that cannot be decoded before our routes see it, without a
            // problem+json.
            System.setProperty("vertx.disableURIValidation", "true");
            System.setProperty(SlowRequestGuard.SWITCH, SlowRequestGuard.SWITCHED_ON);
            Quarkus.run(null, (code, failure) -> exit(code, failure, err));
        }
    }

    /** Refuses faulty settings, and applies those that concern every connection. */
    private static void prepare(Set<Setting> unused, PrintWriter err) {
        List<String> faults = SettingsCheck.faults(unused);
        if (!faults.isEmpty()) {
            faults.forEach(fault -> err.println("analytics: " + fault));
            System.exit(1);
        }
        try {
            SettingsCheck.applyNetwork();
        } catch (IOException | GeneralSecurityException e) {
            err.println("analytics: TRUSTED_CA_FILE cannot be used: " + ErrorLine.of(e)
                    + " (expected: a directory for temporary files that is writable)");
            System.exit(1);
        }
    }

    /** Prints why a start failed, in one line. Quarkus itself does not log it with its stack. */
    private static void exit(int code, Throwable failure, PrintWriter err) {
        if (failure != null) {
            err.println("analytics: " + ErrorLine.of(failure));
        }
        System.exit(code);
    }
}
