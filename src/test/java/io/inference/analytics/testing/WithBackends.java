package io.inference.analytics.testing;

import io.quarkus.test.common.WithTestResource;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The test runs with PostgreSQL, the servers named here and a database of its group's own, see {@link TestBackends}. Classes
 * with the same profile and the same servers share one run of the application and so one database: each chooses its own
 * organisation ids.
 *
 * <p>The servers are flags and not a list, because Quarkus compares the values by {@code equals}: two arrays always differ, and
 * every class would get an application of its own, which takes 10 s to build and to start.
 */
@WithTestResource(TestBackends.class)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface WithBackends {

    boolean rabbitmq() default false;

    boolean redis() default false;

    boolean s3() default false;
}
