package io.inference.analytics.web;

import jakarta.inject.Singleton;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.ext.Provider;

/** The answer to HEAD has no body, so a {@link Streamed} one would never be read, and what it holds never be closed. */
@Provider
@Singleton
class HeadOfStreamed implements ContainerResponseFilter {

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext answer) {
        if (HttpMethod.HEAD.equals(request.getMethod()) && answer.getEntity() instanceof Streamed body) {
            body.close(false);
        }
    }
}
