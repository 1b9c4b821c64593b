package io.inference.analytics.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocationFilterTest {

    @ParameterizedTest
    @CsvSource({
        "http://api:8084/analytics/v1/x/1, '', /analytics/v1/x/1",
        "http://api:8084/analytics/v1/x/1, /usage, /usage/analytics/v1/x/1",
        "http://api:8084/analytics/v1/x?a=b%20c, /usage, /usage/analytics/v1/x?a=b%20c",
        "/analytics/v1/x/1, /usage, /usage/analytics/v1/x/1",
        "https://store.example/file?X-Amz-Signature=1, /usage, https://store.example/file?X-Amz-Signature=1",
        "https://api:8084/elsewhere, /usage, https://api:8084/elsewhere"
    })
    void anAddressOfOurOwnIsAPathBehindTheProxys(URI location, String rootPath, String expected) {
        assertThat(LocationFilter.reference(location, URI.create("http://api:8084/"), rootPath))
                .isEqualTo(expected);
    }
}
