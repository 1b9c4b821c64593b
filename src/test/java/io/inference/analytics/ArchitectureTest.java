package io.inference.analytics;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.inference.analytics.platform.EndsBeforeStop;
import io.quarkus.scheduler.Scheduled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The rooms and arrows of the architecture page; a change here is a decision. */
class ArchitectureTest {

    private static final String ROOT = "io.inference.analytics.";

    /** Whom each room may touch, besides itself. */
    private static final Map<String, Set<String>> ARROWS = Map.ofEntries(
            Map.entry("event", Set.of()),
            Map.entry("platform", Set.of()),
            Map.entry("settings", Set.of()),
            Map.entry("database", Set.of("platform")),
            Map.entry("web", Set.of("settings", "platform")),
            Map.entry("console", Set.of("settings", "platform")),
            Map.entry("series", Set.of("web", "platform")),
            Map.entry("objectstore", Set.of("platform")),
            Map.entry("ingest", Set.of("event", "access", "database", "settings", "web", "platform")),
            Map.entry("intake", Set.of("event", "ingest", "access", "web", "platform")),
            Map.entry("rollup", Set.of("database", "series", "platform")),
            Map.entry("freshness", Set.of("access", "database", "web", "platform")),
            Map.entry("price", Set.of("rollup", "access", "database", "series", "web", "platform")),
            Map.entry("access", Set.of("database", "settings", "web", "platform")),
            Map.entry("audit", Set.of("access", "objectstore", "database", "web", "platform")),
            Map.entry("usage", Set.of("freshness", "access", "series", "database", "web", "platform")),
            Map.entry("repeats", Set.of("usage", "access", "series", "database", "web", "platform")),
            Map.entry("forecast", Set.of("usage", "freshness", "access", "series", "database", "web", "platform")),
            Map.entry("reliability", Set.of("usage", "freshness", "access", "series", "database", "web", "platform")),
            Map.entry("export", Set.of("usage", "access", "objectstore", "series", "database", "web", "platform")),
            Map.entry("webhook", Set.of()),
            Map.entry(
                    "budget",
                    Set.of("webhook", "forecast", "usage", "access", "series", "database", "web", "platform")),
            Map.entry("provider", Set.of("platform")),
            Map.entry("bills", Set.of("provider", "database", "platform")),
            Map.entry("attribution", Set.of("bills", "provider", "platform")),
            Map.entry(
                    "company",
                    Set.of("attribution", "bills", "provider", "access", "series", "database", "web", "platform")));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.inference.analytics");

    @Test
    void everyPackageIsARoomOfOneLevel() {
        Set<String> rooms = new TreeSet<>();
        CLASSES.forEach(type ->
                rooms.add(type.getPackageName().substring(ROOT.length() - 1).replaceFirst("^\\.", "")));
        Set<String> known = new TreeSet<>(ARROWS.keySet());
        known.add("cli");
        known.add("");
        assertThat(known).containsAll(rooms);
    }

    @Test
    void aRoomTouchesOnlyWhatItMay() {
        ARROWS.forEach((room, others) -> {
            List<String> allowed = new ArrayList<>();
            allowed.add(ROOT + room);
            others.forEach(other -> allowed.add(ROOT + other));
            noClasses()
                    .that()
                    .resideInAPackage(ROOT + room)
                    .should()
                    .dependOnClassesThat(resideInAnyPackage("io.inference.analytics..")
                            .and(not(resideInAnyPackage(allowed.toArray(String[]::new)))))
                    .allowEmptyShould(true)
                    .because(room + " may touch " + others)
                    .check(CLASSES);
        });
    }

    @Test
    void everyArrowOfTheTableIsUsed() {
        Set<String> used = new TreeSet<>();
        CLASSES.forEach(type -> type.getDirectDependenciesFromSelf()
                .forEach(dependency -> used.add(room(type) + " -> " + room(dependency.getTargetClass()))));
        Set<String> unused = new TreeSet<>();
        ARROWS.forEach((room, others) -> others.forEach(other -> unused.add(room + " -> " + other)));
        unused.removeAll(used);
        assertThat(unused).isEmpty();
    }

    @Test
    void theArchitecturePageNamesEveryRoom() throws IOException {
        String page = Files.readString(Path.of("docs", "architecture.md"));
        ARROWS.forEach((room, others) -> assertThat(page).contains("| `" + room + "` |"));
    }

    private static String room(JavaClass type) {
        String name = type.getPackageName();
        return name.startsWith(ROOT) ? name.substring(ROOT.length()) : name;
    }

    @Test
    void thereAreNoCycles() {
        slices().matching("io.inference.analytics.(*)..")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void onlyConsumersAndTheBrokersOwnClassesImportMessaging() {
        onlyIn("com.rabbitmq..", "ingest", "intake");
        onlyIn("io.smallrye.reactive.messaging..", "ingest");
        onlyIn("org.eclipse.microprofile.reactive.messaging..", "ingest");
    }

    @Test
    void onlyFreshnessImportsRedis() {
        onlyIn("io.quarkus.redis..", "freshness");
        onlyIn("io.vertx..redis..", "freshness");
    }

    @Test
    void onlyTheObjectStoreImportsS3() {
        onlyIn("software.amazon..", "objectstore");
    }

    @Test
    void sqlIsWrittenInStoresJobsAndWhatTheyShare() {
        noClasses()
                .that()
                .resideInAnyPackage(ROOT + "event")
                .or()
                .haveSimpleNameEndingWith("Resource")
                .or()
                .haveSimpleNameEndingWith("Query")
                .or()
                .haveSimpleNameEndingWith("Codec")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.sql..", "javax.sql..")
                .check(CLASSES);
    }

    /** Main sets the root locale for what formats without one; Error Prone refuses changes of case without one. */
    @Test
    void theLanguageOfTheMachineDecidesNothing() {
        noClasses()
                .should()
                .callMethod(java.time.format.DateTimeFormatter.class, "ofPattern", String.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(java.text.Format.class)
                .orShould()
                .callMethod(java.util.Locale.class, "getDefault")
                .check(CLASSES);
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(ROOT + "cli.Main")
                .should()
                .callMethod(java.util.Locale.class, "setDefault", java.util.Locale.class)
                .check(CLASSES);
    }

    @Test
    void aStopWaitsForEveryScheduledJob() {
        methods()
                .that()
                .areAnnotatedWith(Scheduled.class)
                .should()
                .beAnnotatedWith(EndsBeforeStop.class)
                .check(CLASSES);
    }

    @Test
    void timeComesFromTheClock() {
        noClasses()
                .that()
                .doNotHaveSimpleName("ClockProducer")
                .should()
                .callMethod(java.time.Instant.class, "now")
                .orShould()
                .callMethod(java.time.OffsetDateTime.class, "now")
                .orShould()
                .callMethod(java.time.ZonedDateTime.class, "now")
                .orShould()
                .callMethod(java.time.LocalDate.class, "now")
                .orShould()
                .callMethod(java.time.LocalDateTime.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(java.time.Clock.class, "systemUTC")
                .orShould()
                .callMethod(java.time.Clock.class, "systemDefaultZone")
                .check(CLASSES);
    }

    @Test
    void namesSayWhatAClassIs() {
        noClasses()
                .should()
                .haveSimpleNameEndingWith("Manager")
                .orShould()
                .haveSimpleNameEndingWith("Util")
                .orShould()
                .haveSimpleNameEndingWith("Utils")
                .orShould()
                .haveSimpleNameEndingWith("Helper")
                .orShould()
                .haveSimpleNameEndingWith("Impl")
                .orShould()
                .haveSimpleNameEndingWith("Dto")
                .check(CLASSES);
    }

    @Test
    void restIsWrittenInResourcesOnly() {
        classes()
                .that()
                .areAnnotatedWith("jakarta.ws.rs.Path")
                .should()
                .haveSimpleNameEndingWith("Resource")
                .check(CLASSES);
    }

    private static void onlyIn(String library, String... rooms) {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        Arrays.stream(rooms).map(room -> ROOT + room).toArray(String[]::new))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(library)
                .check(CLASSES);
    }
}
