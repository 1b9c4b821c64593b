package io.inference.analytics.cli;

import io.inference.analytics.attribution.MappingQuality;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.sql.SQLException;
import picocli.CommandLine.Command;

/** {@code providers mappings quality}. */
@Dependent
@Command(
        name = "quality",
        description = {
            "Grades the mappings of keys, and lists what is odd about them: keys that the provider does not list, users of more than",
            "three keys, platforms that are not the expected ones, addresses of foreign domains. Exits with 1 if they need attention."
        })
class ProvidersMappingsQualityCommand implements ServiceCommand {

    private static final BigDecimal PERCENT = new BigDecimal(100);

    @Inject
    MappingQuality mappings;

    @Override
    public int run(PrintWriter out) throws SQLException {
        MappingQuality.Report report = mappings.report();
        report.warnings()
                .forEach(warning ->
                        out.printf("warning\t%s\t%s\t%s%n", warning.kind(), warning.subject(), warning.detail()));
        out.printf(
                "%s: %d of %d keys used in 31 days are mapped (%s %%), %d invalid mappings%n",
                report.grade(),
                report.keysMapped(),
                report.keysUsed(),
                report.coverage().multiply(PERCENT).setScale(1, RoundingMode.HALF_UP),
                report.invalid());
        out.printf(
                "confidence of the costs: %s in the mean%s; %s USD below 0.8%n",
                report.meanConfidence().setScale(3, RoundingMode.HALF_UP),
                report.wantsMappings() ? " (add mappings; expected: 0.95)" : "",
                ProviderArguments.plain(report.lowConfidenceUsd()));
        return report.fine() ? 0 : 1;
    }
}
