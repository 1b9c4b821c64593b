package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the images are, gitops/base asks for. {@code local-dev/image --check} runs one with these limits. */
class ImageTest {

    private static final Path SCRIPT = Path.of("local-dev/lib/image.sh");
    private static final Path DOCKERFILE = Path.of("src/main/docker/Dockerfile");
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    private static String found(Path file, String pattern) throws IOException {
        Matcher matcher = Pattern.compile(pattern, Pattern.MULTILINE).matcher(Files.readString(file));
        assertThat(matcher.find()).as("%s in %s", pattern, file).isTrue();
        return matcher.group(1);
    }

    /** The template of the pods in a file of gitops/base. */
    private static JsonNode pod(String file) throws IOException {
        List<JsonNode> objects = new ArrayList<>();
        try (YAMLParser parser =
                new YAMLFactory().createParser(Path.of("gitops/base", file).toFile())) {
            YAML.readValues(parser, JsonNode.class).forEachRemaining(objects::add);
        }
        return objects.get(0).at("/spec/template/spec");
    }

    @ParameterizedTest
    @ValueSource(strings = {"api.yaml", "workers.yaml", "migrate.yaml"})
    void aContainerAsksForWhatTheImageWasCheckedWith(String file) throws IOException {
        JsonNode pod = pod(file);
        JsonNode container = pod.at("/containers/0");
        String user = found(SCRIPT, "^IMAGE_USER=([0-9]+)$");
        assertThat(pod.at("/securityContext/runAsUser").asText())
                .isEqualTo(user)
                .isEqualTo(found(DOCKERFILE, "^USER ([0-9]+):"));
        assertThat(container.at("/securityContext/readOnlyRootFilesystem").asBoolean())
                .isTrue();
        assertThat(container.at("/resources/limits/memory").asText())
                .isEqualTo(found(SCRIPT, "--memory ([0-9]+)m ") + "Mi");
        assertThat(container.at("/volumeMounts/0/mountPath").asText()).isEqualTo(found(SCRIPT, "--tmpfs '([^:]+):"));
        assertThat(pod.at("/volumes/0/emptyDir/sizeLimit").asText())
                .isEqualTo(found(SCRIPT, "size=([0-9]+)m,mode") + "Mi");
        assertThat(container.has("command"))
                .as("it starts by the image's entry point")
                .isFalse();
    }

    @Test
    void bothImagesStartInTheSameWay() throws IOException {
        assertThat(found(SCRIPT, "\"Entrypoint\":\\[\"/usr/lib/jvm/bin/(.*)\\],$")
                        .replace("\",\"", " "))
                .isEqualTo(found(DOCKERFILE, "^ENTRYPOINT \\[\"(.*)\\]$").replace("\", \"", " "));
        assertThat(found(SCRIPT, "\"ExposedPorts\":\\{\"([0-9]+)/tcp\"")).isEqualTo(Setting.HTTP_PORT.byDefault());
        assertThat(found(DOCKERFILE, "^EXPOSE (.*)$"))
                .isEqualTo(Setting.HTTP_PORT.byDefault() + " " + Setting.MANAGEMENT_PORT.byDefault());
    }

    /** The rest of a JVM (classes, threads, buffers, compiled code) takes about 150 MiB. */
    @Test
    void theHeapLeavesRoomInTheLimit() throws IOException {
        int heap = Integer.parseInt(found(Path.of("src/main/docker/jvm.options"), "^-Xmx([0-9]+)m$"));
        assertThat(heap + 150).isLessThanOrEqualTo(Integer.parseInt(found(SCRIPT, "--memory ([0-9]+)m ")));
    }
}
