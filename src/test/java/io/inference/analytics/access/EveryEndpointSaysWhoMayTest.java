package io.inference.analytics.access;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import jakarta.ws.rs.HttpMethod;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EveryEndpointSaysWhoMayTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.inference.analytics");

    private static List<JavaMethod> endpoints() {
        return CLASSES.stream()
                .flatMap(owner -> owner.getMethods().stream())
                .filter(method -> method.getAnnotations().stream()
                        .anyMatch(annotation -> annotation.getRawType().isAnnotatedWith(HttpMethod.class)))
                .toList();
    }

    @Test
    void exactlyOneAccessAnnotationStandsOnEveryEndpoint() {
        assertThat(endpoints()).hasSizeGreaterThan(5);
        assertThat(endpoints()).allSatisfy(method -> assertThat(
                        Stream.of(Requires.class, AnyCaller.class, Open.class).filter(method::isAnnotatedWith))
                .as(method.getFullName())
                .hasSize(1));
    }

    @Test
    void onlyTheStatusIsOpen() {
        assertThat(endpoints())
                .filteredOn(method -> method.isAnnotatedWith(Open.class))
                .allSatisfy(
                        method -> assertThat(method.getOwner().getSimpleName()).isEqualTo("StatusResource"));
    }
}
