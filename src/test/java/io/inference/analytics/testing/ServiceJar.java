package io.inference.analytics.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The packaged service. The tests start it some hundred times, so its options are those of a cheap start (ADR 19). */
final class ServiceJar {

    private static final Path DIRECTORY = Path.of("target/quarkus-app").toAbsolutePath();

    static final List<String> CHEAP_START = List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

    private ServiceJar() {}

    /** The JVM, with the classes that {@code local-dev/test} has recorded if it has, these options and the jar. */
    static List<String> command(List<String> jvmOptions) {
        return command(DIRECTORY, jvmOptions);
    }

    /** The same for a version that was built elsewhere. */
    static List<String> command(Path directory, List<String> jvmOptions) {
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(List.of(
                "-XX:SharedArchiveFile=" + directory.resolve("app.jsa"), "-Xlog:cds=off", "-Xlog:cds+dynamic=off"));
        words.addAll(jvmOptions);
        words.addAll(List.of("-jar", directory.resolve("quarkus-run.jar").toString()));
        return words;
    }
}
