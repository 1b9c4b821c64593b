package io.inference.analytics.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.settings.AddressRange;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientAddressTest {

    private static final List<AddressRange> TRUSTED = AddressRange.list("10.0.0.0/8, fd00::/8,192.0.2.7");

    @ParameterizedTest
    @CsvSource({
        "203.0.113.9, 198.51.100.1, 203.0.113.9",
        "10.1.2.3, 198.51.100.1, 198.51.100.1",
        "192.0.2.7, 198.51.100.1, 198.51.100.1",
        "192.0.2.70, 198.51.100.1, 192.0.2.70",
        "10.1.2.3, '6.6.6.6, 198.51.100.1', 198.51.100.1",
        "10.1.2.3, '198.51.100.1, 10.9.9.9', 198.51.100.1",
        "10.1.2.3, '10.8.8.8,10.9.9.9', 10.8.8.8",
        "fd12::1, 2001:db8::5, 2001:db8::5",
        "10.1.2.3, '', 10.1.2.3",
        "10.1.2.3, 'unknown', 10.1.2.3",
        "10.1.2.3, 'evil.example, 10.9.9.9', 10.9.9.9",
        "10.1.2.3, 999.1.1.1, 10.1.2.3",
        "not an address, 198.51.100.1, not an address"
    })
    void theLastAddressThatNoTrustedProxyHasIsTheClient(String peer, String forwarded, String expected) {
        assertThat(ClientAddress.behindProxies(peer, forwarded, TRUSTED)).isEqualTo(expected);
    }
}
