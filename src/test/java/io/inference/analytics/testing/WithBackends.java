package io.inference.analytics.testing;

import io.quarkus.test.common.WithTestResource;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The test runs with these servers and a database of its own, see {@link TestBackends}. Classes with the same list share one
 * run of the application and so one database: they choose their own organisation ids.
 */
@WithTestResource(TestBackends.class)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface WithBackends {

    Backend[] value() default Backend.POSTGRES;
}
