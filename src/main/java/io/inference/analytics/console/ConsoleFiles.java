package io.inference.analytics.console;

import io.inference.analytics.platform.Sha256;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * The page's files, read and compressed once at the start. All but the page itself are served under one version, a hash of all of
 * their contents: modules import each other by relative address, so a change of one changes the address of each.
 */
@Singleton
class ConsoleFiles {

    static final String PAGE = "index.html";

    /** Stands in the page where the version goes. */
    private static final String VERSION = "{version}";

    /** Stands in the page where the attributes of the provider go. */
    private static final String SIGN_IN = "{sign-in}";

    private static final int VERSION_DIGITS = 16;

    /** A jar cannot list its directories; a test compares these names with the source directory. */
    static final List<String> NAMES = List.of(
            "administration.js",
            "api.js",
            "audit.js",
            "budgets.js",
            "chart.js",
            "company.js",
            "console.css",
            "export-settings.js",
            "filters.js",
            "finance.js",
            "format.js",
            "icon.svg",
            "imports.js",
            "incident.js",
            "keys.js",
            "local.js",
            "main.js",
            "messages.js",
            "oidc.js",
            "outlook.js",
            "overview.js",
            "parts.js",
            "prices.js",
            "reliability.js",
            "series.js",
            "session.js",
            "sign-in.js",
            "spend.js",
            "time.js",
            "tops.js",
            "trusted-types.js",
            "view.js",
            PAGE);

    /** Parts of other projects, which the build takes from their jars. */
    static final List<String> LIBRARIES = List.of("echarts.esm.min.js", "lit-html.js");

    private static final Map<String, String> MEDIA_TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "svg", "image/svg+xml");

    /** A file as it is sent; it fits into memory many times. */
    record StaticFile(String mediaType, byte[] plain, byte[] gzipped) {}

    private final Map<String, StaticFile> files = new HashMap<>();
    private final StaticFile page;
    private final StaticFile localPage;
    private final Optional<SignInProvider> provider;
    private final String version;

    @Inject
    ConsoleFiles(ConsoleConfig config, @ConfigProperty(name = "analytics.access.jwt-issuer") Optional<String> trusted) {
        this(SignInProvider.of(config, trusted));
    }

    ConsoleFiles(Optional<SignInProvider> provider) {
        this.provider = provider;
        MessageDigest digest = Sha256.digest();
        for (List<String> names : List.of(NAMES, LIBRARIES)) {
            for (String name : names) {
                byte[] content = read(name);
                digest.update(content);
                files.put(name, file(name, content));
            }
        }
        this.version = HexFormat.of().formatHex(digest.digest()).substring(0, VERSION_DIGITS);
        String text = new String(files.remove(PAGE).plain(), StandardCharsets.UTF_8);
        String attributes = provider.map(SignInProvider::attributes).orElse("");
        this.page = page(text, attributes);
        this.localPage = page(text, attributes + " data-local");
    }

    private StaticFile page(String text, String attributes) {
        String whole = text.replace(VERSION, version).replace(SIGN_IN, attributes);
        return file(PAGE, whole.getBytes(StandardCharsets.UTF_8));
    }

    /** Where viewers sign in, if the operator has set that up. */
    Optional<SignInProvider> provider() {
        return provider;
    }

    StaticFile page() {
        return page;
    }

    /** The page with the button of the local stack. */
    StaticFile localPage() {
        return localPage;
    }

    /** The file of that name, if the version is the present one. */
    Optional<StaticFile> find(String ofVersion, String name) {
        return version.equals(ofVersion) ? Optional.ofNullable(files.get(name)) : Optional.empty();
    }

    private static StaticFile file(String name, byte[] content) {
        return new StaticFile(MEDIA_TYPES.get(name.substring(name.lastIndexOf('.') + 1)), content, gzip(content));
    }

    private static byte[] read(String name) {
        try (InputStream in = Thread.currentThread().getContextClassLoader().getResourceAsStream("console/" + name)) {
            if (in == null) {
                throw new IllegalStateException("console/" + name + " is missing from the jar");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] gzip(byte[] content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(content.length / 2);
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
