package io.inference.analytics.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.devtools.StoredDocument;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class AccessTableTest {

    @Test
    void everyEndpointHasItsRow() throws IOException {
        StoredDocument.assertStored(AccessTable.PAGE, AccessTable.text());
        assertThat(AccessTable.rows()).hasSizeGreaterThan(15);
    }
}
