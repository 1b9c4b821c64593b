package io.inference.analytics.webhook;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which addresses webhooks may have: https, on a host all of whose addresses are public, or a host that the operator allows.
 *
 * <p>Bound: a name is looked up for 2 s at most, by at most {@value #LOOKUPS_MAX} threads.
 */
@ApplicationScoped
public class WebhookAddresses {

    /** Names that do not answer occupy a thread until the system's own resolver gives up. */
    private static final int LOOKUPS_MAX = 32;

    private static final int LOOKUP_SECONDS_MAX = 2;
    private static final int URL_CHARACTERS_MAX = 2_000;
    private static final int PORT_MAX = 65_535;

    /** An address that is not allowed, or that cannot be found; the message continues the name of a field. */
    public static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message, null, false, false);
        }
    }

    /** The system's resolver, or that of a test. */
    @FunctionalInterface
    interface Resolver {
        InetAddress[] addresses(String host) throws UnknownHostException;
    }

    private final Set<String> privateHosts;
    private final Resolver resolver;
    private final ExecutorService lookups =
            new ThreadPoolExecutor(0, LOOKUPS_MAX, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), work -> {
                Thread thread = Executors.defaultThreadFactory().newThread(work);
                thread.setName("webhook-lookup");
                thread.setDaemon(true);
                return thread;
            });

    @Inject
    WebhookAddresses(WebhookConfig config) {
        this(config.privateHosts().orElse(List.of()), InetAddress::getAllByName);
    }

    WebhookAddresses(List<String> privateHosts, Resolver resolver) {
        this.privateHosts = privateHosts.stream()
                .map(host -> host.strip().toLowerCase(Locale.ROOT))
                .collect(Collectors.toUnmodifiableSet());
        this.resolver = resolver;
    }

    @PreDestroy
    void close() {
        lookups.shutdownNow();
    }

    /**
     * Reads an address that a caller gives, and looks its host up.
     *
     * @throws Refused when it is malformed, not allowed, or not found
     */
    public URI check(String text) throws Refused {
        URI url = parse(text);
        resolve(url);
        return url;
    }

    /** The address without its look-up. */
    URI parse(String text) throws Refused {
        if (text.length() > URL_CHARACTERS_MAX) {
            throw new Refused("too long (expected: at most %d characters)".formatted(URL_CHARACTERS_MAX));
        }
        URI url;
        try {
            url = URI.create(text);
        } catch (IllegalArgumentException e) {
            throw malformed();
        }
        if (url.getHost() == null || url.getRawUserInfo() != null || url.getRawFragment() != null) {
            throw malformed();
        }
        if (url.getPort() == 0 || url.getPort() > PORT_MAX) {
            throw malformed();
        }
        boolean tls = "https".equalsIgnoreCase(url.getScheme());
        if (!tls && !("http".equalsIgnoreCase(url.getScheme()) && mayBePrivate(url))) {
            throw new Refused(
                    "not https (expected: https://host/path; plain http only for hosts of WEBHOOK_PRIVATE_HOSTS)");
        }
        return url;
    }

    private static Refused malformed() {
        return new Refused("not a web address (expected: https://host/path, without user and fragment)");
    }

    /**
     * The address to connect to. Call it for each connection and connect to what it returned, as a name may resolve to another
     * address each time.
     *
     * @throws Refused when the host is not found, or has an address that is not public
     */
    InetAddress resolve(URI url) throws Refused {
        InetAddress[] found = lookUp(host(url));
        if (!mayBePrivate(url) && Stream.of(found).anyMatch(PrivateAddress::is)) {
            throw new Refused(
                    "%s has a private address (expected: a host of the public internet, or one of WEBHOOK_PRIVATE_HOSTS)"
                            .formatted(host(url)));
        }
        return found[0];
    }

    private boolean mayBePrivate(URI url) {
        return privateHosts.contains(host(url).toLowerCase(Locale.ROOT));
    }

    /** The host without the brackets of an IPv6 address. */
    static String host(URI url) {
        return url.getHost().replaceAll("^\\[|]$", "");
    }

    private InetAddress[] lookUp(String host) throws Refused {
        try {
            Future<InetAddress[]> found = lookups.submit(() -> resolver.addresses(host));
            return found.get(LOOKUP_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownHostException) {
                throw new Refused(host + " does not resolve (expected: a host with an address)");
            }
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException | RejectedExecutionException e) {
            throw new Refused(host + " was not resolved in time (expected: within %d s)".formatted(LOOKUP_SECONDS_MAX));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Refused(host + " was not resolved: the service is stopping");
        }
    }
}
