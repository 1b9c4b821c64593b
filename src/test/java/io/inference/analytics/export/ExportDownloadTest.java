package io.inference.analytics.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.export.ExportJob.Restatement;
import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.series.TimeRange;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ExportDownloadTest {

    private static ExportJob job(Optional<Restatement> monthly) {
        ExportOrder order = new ExportOrder(
                new TimeRange(Instant.parse("2026-02-28T23:00:00Z"), Instant.parse("2026-03-31T22:00:00Z")),
                ExportGranularity.HOURLY,
                ZoneId.of("Europe/Berlin"),
                Set.of(),
                ExportFormat.CSV,
                CsvForm.DEFAULT,
                Optional.empty());
        UUID id = new UUID(1, 2);
        return ExportJob.pending(
                id,
                id,
                new ExportJob.Request(order, monthly, "tester", Optional.empty(), Instant.EPOCH),
                new ObjectLocation("b", "k.csv"));
    }

    @Test
    void namesAreReadableAndHarmlessOnEveryDisk() {
        ExportJob march = job(Optional.empty());
        assertThat(ExportDownload.fileName(march, "Müller, \"Söhne\" & Co./KG"))
                .isEqualTo("usage_Muller-Sohne-Co-KG_2026-03-01_2026-03-31_hourly.csv");
        assertThat(ExportDownload.fileName(march, "../../etc/passwd\r\nX: y"))
                .isEqualTo("usage_etc-passwd-X-y_2026-03-01_2026-03-31_hourly.csv");
        assertThat(ExportDownload.fileName(march, "模型")).startsWith("usage_" + new UUID(1, 2) + "_");
        assertThat(ExportDownload.fileName(job(Optional.of(new Restatement(YearMonth.of(2026, 3), 2))), "Acme"))
                .isEqualTo("usage_Acme_2026-03-r2_hourly.csv");
    }
}
