package io.inference.analytics.access;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The method needs this permission, in the organisation of the path parameter {@code orgId} if the
 * path has one.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Requires {
    Permission value();

    /** Whether it is needed in every organisation, because the method shows all of them. */
    boolean everywhere() default false;
}
