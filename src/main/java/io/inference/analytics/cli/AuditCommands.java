package io.inference.analytics.cli;

import io.inference.analytics.audit.AuditHead;
import io.inference.analytics.audit.AuditVerification;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code audit …}. */
@Command(name = "audit", description = "Checks the audit log.", subcommands = AuditCommands.Verify.class)
final class AuditCommands {

    @Dependent
    @Command(
            name = "verify",
            description = {
                "Verifies the hash chain of the audit log, and exits with 1 if a row was changed, removed, reordered or "
                        + "cut off at the end.",
                "Compares the chain with the heads that were published to S3, where S3_ENDPOINT is set, and with "
                        + "heads from the service's log (event=audit_head) that are given."
            })
    static class Verify implements ServiceCommand {

        @Option(
                names = "--head",
                paramLabel = "SEQ:HASH",
                description = "A head that was published, as in the log (repeatable).")
        List<AuditHead> heads = List.of();

        @Option(names = "--no-store", description = "Does not read the heads in S3.")
        boolean noStore;

        @Inject
        AuditVerification verification;

        @Override
        public int run(PrintWriter out) throws IOException {
            AuditVerification.Report report = verification.run(heads, !noStore);
            out.printf(
                    "chain %s: %d entries from seq %d, head %s, %d published heads compared%n",
                    report.chain(), report.entries(), report.firstSeq(), report.head(), report.headsChecked());
            report.faults().forEach(fault -> out.println("FAULT " + fault));
            out.println(report.faultCount() == 0 ? "verified: no fault" : "faults: " + report.faultCount());
            return report.faultCount() == 0 ? 0 : 1;
        }
    }
}
