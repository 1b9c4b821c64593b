package io.inference.analytics.settings;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A range of IP addresses such as {@code 10.0.0.0/8}, or one address. No name is ever looked up. */
public final class AddressRange {

    private static final Pattern FORM = Pattern.compile("([0-9a-fA-F:.]+)(?:/([0-9]{1,3}))?");
    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})";
    private static final Pattern LITERAL = Pattern.compile(OCTET + "(\\." + OCTET + "){3}|[0-9a-fA-F]*:[0-9a-fA-F:]*");

    private final byte[] network;
    private final int bits;

    private AddressRange(byte[] network, int bits) {
        this.network = network;
        this.bits = bits;
    }

    /** The range that the text names; empty when it is anything else, such as the name of a host. */
    public static Optional<AddressRange> parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            return Optional.empty();
        }
        return bytes(form.group(1)).flatMap(network -> {
            int all = network.length * Byte.SIZE;
            int bits = form.group(2) == null ? all : Integer.parseInt(form.group(2));
            return bits > all ? Optional.empty() : Optional.of(new AddressRange(network, bits));
        });
    }

    /**
     * The ranges of a list with commas or blanks between them.
     *
     * @throws IllegalArgumentException when an entry is not a range
     */
    public static List<AddressRange> list(String text) {
        return Arrays.stream(text.split("[,\\s]+", -1))
                .filter(entry -> !entry.isEmpty())
                .map(entry -> parse(entry).orElseThrow(() -> new IllegalArgumentException("not a range of addresses")))
                .toList();
    }

    static boolean isList(String text) {
        try {
            return !list(text).isEmpty();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Whether the text is an IP address in the range. */
    public boolean contains(String address) {
        return bytes(address).filter(this::contains).isPresent();
    }

    private boolean contains(byte[] address) {
        if (address.length != network.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit++) {
            int mask = 0x80 >> bit % Byte.SIZE;
            if ((address[bit / Byte.SIZE] & mask) != (network[bit / Byte.SIZE] & mask)) {
                return false;
            }
        }
        return true;
    }

    private static Optional<byte[]> bytes(String literal) {
        if (!LITERAL.matcher(literal).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.getByName(literal).getAddress());
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }
}
