package io.inference.analytics.settings;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What {@code kubectl} makes of a directory below {@code gitops/overlays}. */
record Overlay(String name, List<JsonNode> objects) {

    static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final Path ALL = Path.of("gitops/overlays");

    static Stream<Overlay> all() {
        try (Stream<Path> directories = Files.list(ALL)) {
            return directories.map(directory -> rendered(directory.getFileName().toString())).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Overlay rendered(String name) {
        try {
            Path directory = ALL.resolve(name);
            Process kubectl = new ProcessBuilder("kubectl", "kustomize", directory.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String text = new String(kubectl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (kubectl.waitFor() != 0) {
                throw new AssertionError("kubectl kustomize " + directory + " failed");
            }
            return new Overlay(name, documents(text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static List<JsonNode> documents(String text) throws IOException {
        return YAML.readerFor(JsonNode.class).<JsonNode>readValues(text).readAll();
    }

    static String name(JsonNode object) {
        return object.at("/metadata/name").asText();
    }

    List<JsonNode> all(String kind) {
        return objects.stream()
                .filter(object -> object.path("kind").asText().equals(kind))
                .toList();
    }

    JsonNode one(String kind) {
        return all(kind).get(0);
    }

    Optional<JsonNode> find(String kind, String name) {
        return all(kind).stream().filter(object -> name(object).equals(name)).findFirst();
    }

    /** The templates of pods, by the kind and name of their object. */
    Map<String, JsonNode> pods() {
        Map<String, JsonNode> pods = new TreeMap<>();
        for (String kind : List.of("Deployment", "Job", "CronJob")) {
            for (JsonNode object : all(kind)) {
                String template = kind.equals("CronJob") ? "/spec/jobTemplate/spec/template" : "/spec/template";
                pods.put(kind + " " + name(object), object.at(template));
            }
        }
        return pods;
    }

    List<JsonNode> containers() {
        List<JsonNode> containers = new ArrayList<>();
        pods().values().forEach(pod -> pod.at("/spec/containers").forEach(containers::add));
        return containers;
    }

    @Override
    public String toString() {
        return name;
    }
}
