package io.inference.analytics.platform;

import jakarta.interceptor.InterceptorBinding;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A stop waits for a round of this method that is at work, while databases, brokers and stores are still connected. Every
 * scheduled method has it.
 */
@InterceptorBinding
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface EndsBeforeStop {

    /** Priority of the observers of the stop that tell a long round to end early. The stop waits after them. */
    int SIGNAL = 1;
}
