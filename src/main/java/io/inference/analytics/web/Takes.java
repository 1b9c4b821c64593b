package io.inference.analytics.web;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the shared parameters of an operation, for the OpenAPI document. {@code @Parameter(ref = …)} cannot do this: of
 * several references on one method SmallRye keeps the last.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.CLASS)
public @interface Takes {

    SharedParameter[] value();
}
