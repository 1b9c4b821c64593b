package io.inference.analytics.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** The manifest next to each file: it proves where the file came from. */
@ApplicationScoped
class ExportManifest {

    private final String version;

    ExportManifest(@ConfigProperty(name = "quarkus.application.version", defaultValue = "unknown") String version) {
        this.version = version;
    }

    byte[] of(
            ExportJob job,
            ExportLedger.Result result,
            ExportSnapshot.Watermark watermark,
            ExportColumns<?> columns,
            Instant generatedAt) {
        ExportOrder order = job.order();
        ObjectNode manifest = Figures.JSON.createObjectNode();
        manifest.put("jobId", job.jobId().toString());
        manifest.put("orgId", job.orgId().toString());
        manifest.put("object", job.location().uri());
        manifest.put("generatedAt", generatedAt.toString());
        manifest.put("softwareVersion", version);
        manifest.put("format", order.format().wireName());
        if (order.format() == ExportFormat.FOCUS_ESTIMATE) {
            manifest.put("kind", "estimate");
        }
        if (order.format() == ExportFormat.CSV) {
            manifest.set("csv", Figures.JSON.valueToTree(order.csv()));
        }
        manifest.put("granularity", order.granularity().wireName());
        manifest.putObject("timeRange")
                .put("start", order.range().start().toString())
                .put("end", order.range().end().toString());
        manifest.put("timeZone", order.zoneName());
        ArrayNode models = manifest.putObject("filters").putArray("models");
        order.models().stream().map(UUID::toString).sorted().forEach(models::add);
        job.monthly().ifPresent(monthly -> manifest.put("month", monthly.month().toString())
                .put("revision", monthly.revision()));
        manifest.put("rows", result.rows());
        manifest.put("bytes", result.bytes());
        manifest.put("sha256", result.checksum());
        manifest.set("totals", result.totals());
        manifest.set("reconciliation", result.reconciliation());
        result.difference().ifPresent(difference -> manifest.set("difference", difference));
        manifest.putObject("rollupWatermark")
                .put("batchId", watermark.batchId().orElse(null))
                .put(
                        "committedAt",
                        watermark.committedAt().map(Instant::toString).orElse(null))
                .put("hoursFromRawEvents", watermark.hoursFromRawEvents());
        columns.figures().forEach(manifest::set);
        ArrayNode definitions = manifest.putArray("columns");
        for (ExportColumns.Column column : columns.columns()) {
            definitions.addObject().put("name", column.name()).put("definition", column.definition());
        }
        try {
            return (Figures.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(manifest) + "\n")
                    .getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can always be written", e);
        }
    }
}
