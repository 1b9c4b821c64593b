package io.inference.analytics.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** How heavy the page is, and how long it keeps its viewer waiting: the figures of docs/console.md. */
@QuarkusTest
@WithBackends(s3 = true)
class ConsoleFiguresIT extends ConsoleTests {

    private static final int MODELS = 40;
    private static final int DAYS = 365;

    /** Other programs of the machine can slow down a load, and seldom speed it up: the best of these is the page's own. */
    private static final int LOADS = 3;

    private static final double WEIGHT_MAX_KIB = 1_536;

    private static final Path FIGURES = Path.of("target", "console", "figures.txt");

    /** Until a task ends, the page does not react; what it takes beyond this is blocked time. */
    private static final double TASK_MS = 50;

    /** Work of another kind than the page's, in tasks of its own: a busy or slow machine slows it down as much as the page. */
    private static final String REFERENCE =
            """
            async () => {
                for (let round = 0; round < 3; round++) {
                    await new Promise(done => setTimeout(() => {
                        const rows = Array.from({ length: 40_000 }, (_, i) => ({ id: `row-${i * 7_919 % 40_000}`, values: [i, i / 3] }));
                        rows.sort((one, other) => (one.id < other.id ? -1 : 1));
                        done(JSON.parse(JSON.stringify(rows)).length);
                    }));
                }
            }
            """;

    /** What the reference takes where nothing else runs. There, times of the page are as they are measured. */
    private static final double REFERENCE_MS = 50;

    /** Twice of what is measured. */
    private static final double BLOCKED_MAX_MS = 170;

    /** The trace of each task of the page, with the processor time that it took: what other programs take does not count. */
    private static final Browser.StartTracingOptions TASKS = new Browser.StartTracingOptions()
            .setCategories(List.of("disabled-by-default-devtools.timeline", "devtools.timeline", "__metadata"));

    /** Of how many shapes the largest chart consists: drawing time grows with them, and no other program changes them. */
    private static final String SHAPES =
            """
            async () => {
                const { getInstanceByDom } = await import(performance.getEntriesByType('resource')
                    .map(file => file.name).find(name => name.includes('/echarts')));
                return Math.max(...[...document.querySelectorAll('usage-chart')]
                    .map(chart => getInstanceByDom(chart).getZr().storage.getDisplayList().length));
            }
            """;

    /** 56 are measured; with a shape per bar there are 2,968. */
    private static final int SHAPES_MAX = 200;

    /**
     * @param weightKib the page and all its files, compressed
     * @param requests those before the viewer signs in
     * @param tasksMs what each task of the page took
     * @param referenceMs what the reference took right after them
     */
    private record Load(double weightKib, int requests, double firstPaintMs, List<Double> tasksMs, double referenceMs) {

        double blockedMs() {
            return blockedMs(1);
        }

        /** As it would be where the reference takes {@link #REFERENCE_MS}. */
        double comparableBlockedMs() {
            return blockedMs(REFERENCE_MS / referenceMs);
        }

        private double blockedMs(double factor) {
            return tasksMs.stream()
                    .mapToDouble(ms -> Math.max(0, ms * factor - TASK_MS))
                    .sum();
        }

        double longestMs() {
            return longest(tasksMs);
        }
    }

    private void storeAYear() throws Exception {
        LocalDate today = LocalDate.now(ZoneOffset.UTC);
        StoredUsage usage = new StoredUsage();
        for (int model = 0; model < MODELS; model++) {
            UUID id = UUID.randomUUID();
            for (int day = 1; day <= DAYS; day++) {
                usage.add(Event.of(org, id, today.minusDays(day) + "T06:00:00Z")
                        .client("client-" + model % 5)
                        .cost(Integer.toString(100 + model + day % 7)));
            }
        }
        usage.store(database);
    }

    private Load load() {
        LocalDate today = LocalDate.now(ZoneOffset.UTC);
        String view = "/console/#overview?zone=UTC&granularity=day&range=own&from=" + today.minusDays(DAYS) + "&to="
                + today.minusDays(1);
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            Page page = console.page();
            browser.startTracing(page, TASKS);
            page.navigate(view);
            page.locator("#sign-in").waitFor();
            page.waitForFunction("() => performance.getEntriesByName('first-contentful-paint').length");
            double firstPaint = number(page, "performance.getEntriesByName('first-contentful-paint')[0].startTime");
            int requests = (int) number(page, files() + ".length");
            console.signIn(Tokens.of("org-admin", org));
            page.waitForFunction("() => document.querySelectorAll('usage-chart').length >= 3"
                    + " && [...document.querySelectorAll('usage-chart')].every(chart => chart.dataset.drawn)");
            List<Double> tasks = endedTasks(page);
            browser.startTracing(page, TASKS);
            page.evaluate(REFERENCE);
            double reference = longest(endedTasks(page));
            double weight = number(page, files() + ".reduce((sum, file) => sum + file.encodedBodySize, 0) / 1024");
            assertThat(((Number) page.evaluate(SHAPES)).intValue())
                    .as("shapes of a chart")
                    .isPositive()
                    .isLessThan(SHAPES_MAX);
            console.hasNoComplaints();
            return new Load(weight, requests, firstPaint, tasks, reference);
        }
    }

    private static List<Double> endedTasks(Page page) {
        // The browser reports a task after its end.
        page.evaluate("() => new Promise(done => requestIdleCallback(() => done()))");
        return tasks(browser.stopTracing());
    }

    private static double longest(List<Double> tasksMs) {
        return tasksMs.stream().mapToDouble(ms -> ms).max().orElseThrow();
    }

    private static double best(List<Load> loads, ToDoubleFunction<Load> figure) {
        return loads.stream().mapToDouble(figure).min().orElseThrow();
    }

    /** What the tasks of the page's main thread took, in milliseconds. */
    private static List<Double> tasks(byte[] trace) {
        List<JsonObject> events = new ArrayList<>();
        JsonParser.parseString(new String(trace, StandardCharsets.UTF_8))
                .getAsJsonObject()
                .getAsJsonArray("traceEvents")
                .forEach(event -> events.add(event.getAsJsonObject()));
        Set<String> pages = events.stream()
                .filter(event -> named(event, "thread_name")
                        && event.getAsJsonObject("args")
                                .get("name")
                                .getAsString()
                                .equals("CrRendererMain"))
                .map(ConsoleFiguresIT::thread)
                .collect(Collectors.toSet());
        return events.stream()
                .filter(event -> named(event, "RunTask") && event.has("tdur") && pages.contains(thread(event)))
                .map(event -> event.get("tdur").getAsDouble() / 1000)
                .toList();
    }

    private static boolean named(JsonObject event, String name) {
        return event.get("name").getAsString().equals(name);
    }

    private static String thread(JsonObject event) {
        return event.get("pid") + "/" + event.get("tid");
    }

    private static String files() {
        return "performance.getEntries().filter(one => one.encodedBodySize > 0 && one.name.includes('/console/'))";
    }

    private static double number(Page page, String expression) {
        return ((Number) page.evaluate("() => " + expression)).doubleValue();
    }

    @Test
    void aYearOfFortyModelsIsDrawnByALightPage() throws Exception {
        storeAYear();
        List<Load> loads = new ArrayList<>();
        for (int i = 0; i < LOADS; i++) {
            loads.add(load());
        }
        Load first = loads.get(0);
        double paint = best(loads, Load::firstPaintMs);
        double blocked = best(loads, Load::blockedMs);
        double comparable = best(loads, Load::comparableBlockedMs);
        double longest = best(loads, Load::longestMs);
        Files.createDirectories(FIGURES.getParent());
        Files.writeString(
                FIGURES,
                String.format(
                        Locale.ROOT,
                        "weight %.0f KiB, requests %d, first paint %.0f ms, blocked %.0f ms, longest task %.0f ms,"
                                + " reference %.0f ms, blocked at the reference's speed %.0f ms%n",
                        first.weightKib(),
                        first.requests(),
                        paint,
                        blocked,
                        longest,
                        best(loads, Load::referenceMs),
                        comparable));
        assertThat(first.weightKib()).as("weight in KiB").isPositive().isLessThan(WEIGHT_MAX_KIB);
        assertThat(paint).as("first paint in ms").isPositive();
        assertThat(longest).as("longest task in ms").isPositive();
        assertThat(comparable).as("blocked in ms, at the reference's speed").isLessThan(BLOCKED_MAX_MS);
    }
}
