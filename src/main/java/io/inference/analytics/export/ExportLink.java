package io.inference.analytics.export;

import java.net.URI;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** Where the file of an export is, for a while. */
@Schema(name = "ExportLink")
record ExportLink(
        @Schema(description = "A signed URL; it needs no credential, so send none and treat it like the file") URI url,
        @Schema(description = "When the URL stops working") Instant expiresAt,
        @Schema(examples = "usage_Acme-GmbH_2026-03-01_2026-03-31_daily.csv") String fileName,
        @Schema(description = "SHA-256 of the file, hex") String checksum) {}
