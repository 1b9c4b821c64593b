package io.inference.analytics.webhook;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;

/**
 * Which addresses are not those of the public internet (IANA's special-purpose registries, RFC 6890). A caller could reach a
 * server through them that only this machine or its network can see, such as a cloud's metadata service.
 */
final class PrivateAddress {

    /** A network by its first address and the number of bits that its addresses share. */
    private record Network(int[] bytes, int bits) {

        static Network of(int bits, int... bytes) {
            return new Network(bytes, bits);
        }

        boolean contains(byte[] address) {
            for (int bit = 0; bit < bits; bit++) {
                int at = bit / 8;
                int mask = 0x80 >> bit % 8;
                int own = at < bytes.length ? bytes[at] : 0;
                if ((address[at] & mask) != (own & mask)) {
                    return false;
                }
            }
            return true;
        }
    }

    private static final List<Network> IPV4 = List.of(
            Network.of(8, 0),
            Network.of(8, 10),
            Network.of(10, 100, 64),
            Network.of(8, 127),
            Network.of(16, 169, 254),
            Network.of(12, 172, 16),
            Network.of(24, 192, 0, 0),
            Network.of(24, 192, 0, 2),
            Network.of(24, 192, 88, 99),
            Network.of(16, 192, 168),
            Network.of(15, 198, 18),
            Network.of(24, 198, 51, 100),
            Network.of(24, 203, 0, 113),
            Network.of(3, 224));

    /** Only 2000::/3 is given out for the internet; what translates or tunnels to an IPv4 address is left out of it. */
    private static final Network IPV6_INTERNET = Network.of(3, 0x20);

    private static final List<Network> IPV6 = List.of(
            Network.of(23, 0x20, 0x01),
            Network.of(32, 0x20, 0x01, 0x0d, 0xb8),
            Network.of(16, 0x20, 0x02),
            Network.of(20, 0x3f, 0xff));

    private PrivateAddress() {}

    static boolean is(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (address instanceof Inet4Address) {
            return IPV4.stream().anyMatch(network -> network.contains(bytes));
        }
        return !IPV6_INTERNET.contains(bytes) || IPV6.stream().anyMatch(network -> network.contains(bytes));
    }
}
