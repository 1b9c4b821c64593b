package io.inference.analytics.web;

import io.inference.analytics.settings.AddressRange;
import io.vertx.core.http.HttpServerRequest;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/**
 * The address that a request came from. Behind a proxy of TRUSTED_PROXIES it is the last one of X-Forwarded-For that is
 * not such a proxy itself: a caller can write what stands to the left of it. The header of anybody else is ignored.
 */
@ApplicationScoped
public class ClientAddress {

    private static final String HEADER = "X-Forwarded-For";

    private final List<AddressRange> trusted;

    ClientAddress(HttpConfig config) {
        this.trusted = config.trustedProxies().map(AddressRange::list).orElse(List.of());
    }

    /** Never null; without a connection the text {@code null}. */
    public String of(HttpServerRequest request) {
        String peer = String.valueOf(request.remoteAddress().hostAddress());
        return trusted.isEmpty()
                ? peer
                : behindProxies(peer, String.join(",", request.headers().getAll(HEADER)), trusted);
    }

    static String behindProxies(String peer, String forwarded, List<AddressRange> trusted) {
        String[] hops = forwarded.split(",", -1);
        String address = peer;
        for (int hop = hops.length - 1; hop >= 0 && isIn(trusted, address); hop--) {
            String before = hops[hop].strip();
            if (AddressRange.parse(before).isEmpty()) {
                break;
            }
            address = before;
        }
        return address;
    }

    private static boolean isIn(List<AddressRange> ranges, String address) {
        return ranges.stream().anyMatch(range -> range.contains(address));
    }
}
