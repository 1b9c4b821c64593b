package io.inference.analytics.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import org.junit.jupiter.api.Test;

class WithBackendsTest {

    /** Quarkus compares the values to decide whether two classes can share one application; arrays are never equal. */
    @Test
    void valuesCanBeCompared() {
        assertThat(WithBackends.class.getDeclaredMethods())
                .isNotEmpty()
                .extracting(Method::getReturnType)
                .noneMatch(Class::isArray);
    }
}
