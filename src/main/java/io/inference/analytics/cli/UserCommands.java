package io.inference.analytics.cli;

import io.inference.analytics.budget.Budgets;
import io.inference.analytics.rollup.UserErasure;
import io.inference.analytics.usage.NameStore;
import io.inference.analytics.usage.UserPrivacy;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code users …}. */
@Command(
        name = "users",
        description = "Forgets users, and sets whether an organisation shows its users.",
        subcommands = {UserCommands.Erase.class, UserCommands.Privacy.class})
final class UserCommands {

    @Dependent
    @Command(
            name = "privacy",
            description = {
                "Sets what the API shows of the users of an organisation: NAMES (ids and names, the default), PSEUDONYMS (in place of "
                        + "ids; the same for a user as long as the mode is not NAMES), or OFF (no figures by user).",
                "It also holds for actor_id in incident exports. Readers of the database see ids always."
            })
    static class Privacy implements ServiceCommand.Change {

        @Option(names = "--org", required = true, paramLabel = "UUID", description = "The organisation.")
        UUID org;

        @Option(names = "--mode", required = true, paramLabel = "WORD", description = "NAMES, PSEUDONYMS or OFF.")
        UserPrivacy.Mode mode;

        @Inject
        UserPrivacy privacy;

        @Override
        public int run(PrintWriter out) {
            privacy.set(org, mode);
            out.printf("org %s shows users as %s%n", org, mode);
            return 0;
        }
    }

    @Dependent
    @Command(
            name = "erase",
            description = {
                "Removes the name of a user. With --id it also removes the id from the raw events and the rollups, in all "
                        + "organisations. The figures join those of events without a user: no sum changes.",
                "A user that sends again under the same id is a new user without a name. An event sent again after its user was erased "
                        + "is a conflict, as its content differs.",
                "With --id a budget of the user is incomplete from then on, and is evaluated no longer."
            })
    static class Erase implements ServiceCommand.Change {

        @Option(
                names = "--user",
                required = true,
                paramLabel = "UUID",
                description = "The user: actorId of the events.")
        UUID user;

        @Option(names = "--id", description = "Removes the id, too.")
        boolean id;

        @Inject
        NameStore names;

        @Inject
        Budgets budgets;

        @Inject
        UserErasure erasure;

        @Override
        public int run(PrintWriter out) throws InterruptedException {
            out.println(names.forgetUser(user) ? "name removed" : "no name to remove");
            if (id) {
                // First: an evaluation in between would find less than was spent.
                int theirs = budgets.forgetUser(user);
                if (theirs > 0) {
                    out.printf("budgets without their user: %d%n", theirs);
                }
                out.printf("days with the id removed: %d%n", erasure.eraseId(user, day -> {}));
                // Again: a budget may have been given this user while its days were erased.
                int late = budgets.forgetUser(user);
                if (late > 0) {
                    out.printf("later budgets without their user: %d%n", late);
                }
            }
            return 0;
        }
    }
}
