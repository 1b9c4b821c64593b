package io.inference.analytics.cli;

import io.inference.analytics.audit.AuditHead;
import io.inference.analytics.audit.AuditVerification;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code audit verify}. */
@Dependent
@Command(
        name = "verify",
        description = {
            "Verifies the hash chain of the audit log, and exits with 1 if a row was changed, removed, put in another order or "
                    + "cut off at the end.",
            "Compares the heads that were published to S3, where S3_ENDPOINT is set; those of the service's log "
                    + "(event=audit_head) can be given."
        })
class AuditVerifyCommand implements ServiceCommand {

    @Option(
            names = "--head",
            paramLabel = "SEQ:HASH",
            description = "A head that was published (repeatable), as in the log.")
    List<String> heads = new ArrayList<>();

    @Option(names = "--no-store", description = "Leaves the heads in S3 alone.")
    boolean noStore;

    @Inject
    AuditVerification verification;

    @Override
    public void validate() {
        parsed();
    }

    private List<AuditHead> parsed() {
        return heads.stream()
                .map(
                        text -> AuditHead.parse(text)
                                .orElseThrow(
                                        () -> new Failure.Invalid(
                                                "--head",
                                                "--head: not a head (expected: a number, a colon and 64 hexadecimal digits, as in the log)")))
                .toList();
    }

    @Override
    public int run(PrintWriter out) throws IOException {
        AuditVerification.Report report = verification.run(parsed(), !noStore);
        out.printf(
                "chain %s: %d entries from seq %d, head %s, %d published heads compared%n",
                report.chain(), report.entries(), report.firstSeq(), report.head(), report.headsChecked());
        report.faults().forEach(fault -> out.println("FAULT " + fault));
        out.println(report.faultCount() == 0 ? "verified: no fault" : "faults: " + report.faultCount());
        return report.faultCount() == 0 ? 0 : 1;
    }
}
