package io.inference.analytics.provider;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The jobs of {@code gitops/providers}: a company with a key of a provider finds the job that imports its bills. */
class ProviderJobsTest {

    private static final Path FOLDER = Path.of("gitops", "providers");
    private static final ObjectReader YAML = new YAMLMapper().readerFor(JsonNode.class);

    private static List<JsonNode> documents(Path file) throws IOException {
        try (MappingIterator<JsonNode> documents = YAML.readValues(file.toFile())) {
            return documents.readAll();
        }
    }

    @Test
    void everyProviderHasADailyJob() throws IOException {
        List<String> imported = new ArrayList<>();
        for (JsonNode file :
                documents(FOLDER.resolve("kustomization.yaml")).get(0).path("resources")) {
            for (JsonNode document : documents(FOLDER.resolve(file.asText()))) {
                if (document.path("kind").asText().equals("CronJob")) {
                    JsonNode arguments = document.at("/spec/jobTemplate/spec/template/spec/containers/0/args");
                    assertThat(arguments.toString())
                            .matches("\\[\"providers\",\"import\",\"--provider\",\"[a-z]+\",\"--daily\"]");
                    imported.add(arguments.get(3).asText());
                }
            }
        }
        assertThat(imported)
                .containsExactlyInAnyOrderElementsOf(
                        Provider.withApi().stream().map(Provider::wireName).toList());
    }
}
