package io.inference.analytics.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Mouse;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** The console in a window of a real browser, as its viewer uses it. */
final class ConsolePage implements AutoCloseable {

    /** Debian's browser, or those that other distributions and runners bring. */
    private static final List<Path> BROWSERS = Stream.of("chromium", "chromium-browser", "google-chrome")
            .map(name -> Path.of("/usr/bin", name))
            .toList();

    private static final Path SCREENSHOTS = Path.of("target", "console");

    static {
        // A machine that runs other tests at the same time shows a page late.
        PlaywrightAssertions.setDefaultAssertionTimeout(30_000);
    }

    private final BrowserContext window;
    private final Page page;
    private final List<String> complaints = new ArrayList<>();

    private ConsolePage(Browser browser, String url, int width, ColorScheme scheme, String locale) {
        window = browser.newContext(new Browser.NewContextOptions()
                .setBaseURL(url)
                .setViewportSize(width, 900)
                .setColorScheme(scheme)
                .setLocale(locale)
                .setTimezoneId("Europe/Berlin"));
        // The browser reports what the policy forbids, scripts that fail and files that are missing.
        window.onWebError(error -> complaints.add(error.error()));
        window.onConsoleMessage(message -> {
            if (message.type().equals("error") && !message.text().contains("the server responded with a status of 4")) {
                complaints.add(message.text());
            }
        });
        page = window.newPage();
    }

    static Playwright driver() {
        return Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    }

    /** Its sandbox needs rights that root in a container does not have. */
    static Browser browser(Playwright driver) {
        Path executable = BROWSERS.stream()
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no browser (expected: one of " + BROWSERS + ")"));
        return driver.chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(executable)
                        .setChromiumSandbox(false));
    }

    static ConsolePage open(Browser browser, String url) {
        return open(browser, url, 1280, ColorScheme.LIGHT);
    }

    static ConsolePage open(Browser browser, String url, int width, ColorScheme scheme) {
        return new ConsolePage(browser, url, width, scheme, "en-GB");
    }

    /** For a viewer whose browser speaks another language. */
    static ConsolePage open(Browser browser, String url, String locale) {
        return new ConsolePage(browser, url, 1280, ColorScheme.LIGHT, locale);
    }

    /** Opens an address and signs in with a token or a key. */
    ConsolePage signIn(String address, String credential) {
        page.navigate(address);
        return signIn(credential);
    }

    ConsolePage signIn(String credential) {
        page.getByLabel("Token or API key").fill(credential);
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Sign in"))
                .click();
        return this;
    }

    /** Waits until the answers to the present view are shown. */
    ConsolePage ready() {
        assertThat(page.locator("main[aria-busy=false]")).isVisible();
        return this;
    }

    Page page() {
        return page;
    }

    Locator at(String selector) {
        return page.locator(selector);
    }

    /** The exact value of a figure. */
    BigDecimal figure(String id) {
        return new BigDecimal(at("#figure-" + id + " data").getAttribute("value"));
    }

    /** The exact values of a column of {@code data} elements of a table, where there are any. */
    List<BigDecimal> column(String table, int column) {
        return at(table + " tbody tr td:nth-child(" + column + ") data").all().stream()
                .map(cell -> cell.getAttribute("value"))
                .filter(value -> !value.isEmpty())
                .map(BigDecimal::new)
                .toList();
    }

    ConsolePage choose(String id, String value) {
        at("#" + id).selectOption(value);
        return ready();
    }

    ConsolePage goTo(String name) {
        at("nav a").filter(new Locator.FilterOptions().setHasText(name)).click();
        return ready();
    }

    /** Drags over an element, between two parts of its width. */
    ConsolePage drag(String selector, double from, double to) {
        at(selector).scrollIntoViewIfNeeded();
        BoundingBox box = at(selector).boundingBox();
        double y = box.y + box.height / 2;
        page.mouse().move(box.x + from * box.width, y);
        page.mouse().down();
        page.mouse().move(box.x + to * box.width, y, new Mouse.MoveOptions().setSteps(3));
        page.mouse().up();
        return this;
    }

    Download download(Runnable click) {
        return page.waitForDownload(click);
    }

    /** Keeps a picture of the whole page as output of the test, once its charts are drawn. */
    void keep(String name) {
        page.waitForFunction("() => [...document.querySelectorAll('usage-chart')].every(chart => chart.dataset.drawn)");
        page.screenshot(new Page.ScreenshotOptions()
                .setPath(SCREENSHOTS.resolve(name + ".png"))
                .setFullPage(true));
    }

    /** Keeps a picture of the page and checks it, in the light theme and in the dark one. */
    void keepInBothThemes(String name) {
        for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
            page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
            keep(name + "-" + scheme.name().toLowerCase(Locale.ROOT));
            fits();
            isAccessible();
        }
    }

    /** Nothing reaches beyond the window's edge. */
    void fits() {
        assertThat((Boolean) page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))
                .as("the page fits into its width")
                .isTrue();
    }

    /**
     * Nothing on the page is a serious or critical barrier, as axe-core judges it. Charts are pictures with a name and a table, so
     * their canvas is left out.
     */
    void isAccessible() {
        page.evaluate(axe());
        Object barriers = page.evaluate(
                """
                async () => (await axe.run({ exclude: [['usage-chart > *']] })).violations
                    .filter(found => ['serious', 'critical'].includes(found.impact))
                    .flatMap(found => found.nodes.map(node => `${found.id}: ${node.target} (${found.help})`))""");
        assertThat((List<?>) barriers).as("barriers at " + page.url()).isEmpty();
    }

    private static String axe() {
        try (InputStream in = ConsolePage.class.getResourceAsStream("/axe.min.js")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void hasNoComplaints() {
        assertThat(complaints).isEmpty();
    }

    @Override
    public void close() {
        window.close();
    }
}
