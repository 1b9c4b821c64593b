package io.inference.analytics.console;

import io.inference.analytics.console.ConsoleFiles.StaticFile;
import io.inference.analytics.console.ProviderOrigins.Origins;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Serves the page and its files to everyone, without a credential and outside the limits of requests: they hold no figures. The
 * page itself is never cached, so that a new version is seen at once; its files are cached for ever, as their addresses name
 * their version.
 */
@ApplicationScoped
class ConsoleRoutes {

    /** After the route that begins every request, before those that look for an endpoint. */
    private static final int ORDER = Integer.MIN_VALUE + 1;

    private static final List<HttpMethod> METHODS = List.of(HttpMethod.GET, HttpMethod.HEAD);

    private final ConsoleFiles files;
    private final LocalSignIn local;
    private final ProviderOrigins provider;

    ConsoleRoutes(ConsoleFiles files, LocalSignIn local, ProviderOrigins provider) {
        this.files = files;
        this.local = local;
        this.provider = provider;
    }

    /**
     * What a browser lets the page do: own scripts and styles, calls of this service and of the provider where viewers sign in,
     * nothing else. A form is posted only to end the session at the provider, which then leads back. {@code lit-html} is the policy
     * of the rendering library for its own constant templates; {@code default} lets ECharts empty an element, see
     * {@code trusted-types.js}.
     */
    static String policy(Origins origins) {
        return String.join(
                "; ",
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "img-src 'self'",
                "connect-src " + own(origins.calls()),
                "base-uri 'none'",
                "form-action " + (origins.forms().isEmpty() ? "'none'" : own(origins.forms())),
                "frame-ancestors 'none'",
                "require-trusted-types-for 'script'",
                "trusted-types lit-html default");
    }

    private static String own(Set<String> origins) {
        return Stream.concat(Stream.of("'self'"), origins.stream().sorted()).collect(Collectors.joining(" "));
    }

    void register(@Observes Router router) {
        provider.find();
        router.route("/").order(ORDER).handler(request -> redirect(request, "console/"));
        router.route("/console/*").order(ORDER).handler(this::serve);
    }

    private void serve(RoutingContext request) {
        String path = request.normalizedPath();
        String[] parts = path.split("/", -1);
        Optional<StaticFile> file = parts.length == 4 ? files.find(parts[2], parts[3]) : Optional.<StaticFile>empty();
        if (path.equals("/console")) {
            redirect(request, "console/");
        } else if (path.equals("/console/")) {
            provider.find().onSuccess(origins -> sendPage(request, origins));
        } else if (path.equals(LocalSignIn.PATH) && local.isOfferedTo(request.request())) {
            local.answer(request);
        } else if (file.isPresent()) {
            send(request, file.get(), "public, max-age=31536000, immutable");
        } else {
            request.next();
        }
    }

    private void sendPage(RoutingContext request, Origins origins) {
        request.response()
                .putHeader("Content-Security-Policy", policy(origins))
                .putHeader("Cross-Origin-Opener-Policy", "same-origin");
        send(request, local.isOfferedTo(request.request()) ? files.localPage() : files.page(), "no-store");
    }

    private static void send(RoutingContext request, StaticFile file, String caching) {
        if (isRefused(request)) {
            return;
        }
        HttpServerResponse response = request.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, file.mediaType())
                .putHeader(HttpHeaders.CACHE_CONTROL, caching)
                .putHeader(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
        boolean gzip = String.valueOf(request.request().getHeader(HttpHeaders.ACCEPT_ENCODING))
                .contains("gzip");
        response.putHeader(HttpHeaders.CONTENT_ENCODING, gzip ? "gzip" : "identity");
        byte[] body = gzip ? file.gzipped() : file.plain();
        if (request.request().method().equals(HttpMethod.HEAD)) {
            response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length))
                    .end();
        } else {
            response.end(Buffer.buffer(body));
        }
    }

    /** Relative, so that it is also right behind a proxy that adds a prefix. */
    private static void redirect(RoutingContext request, String location) {
        if (!isRefused(request)) {
            request.response()
                    .setStatusCode(302)
                    .putHeader(HttpHeaders.LOCATION, location)
                    .end();
        }
    }

    private static boolean isRefused(RoutingContext request) {
        boolean refused = !METHODS.contains(request.request().method());
        if (refused) {
            request.response().putHeader(HttpHeaders.ALLOW, "GET, HEAD");
            request.fail(405);
        }
        return refused;
    }
}
