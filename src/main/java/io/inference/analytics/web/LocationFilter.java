package io.inference.analytics.web;

import jakarta.enterprise.inject.Instance;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.ext.Provider;
import java.net.URI;

/**
 * Writes a Location of this service without scheme and host, and behind the path of HTTP_ROOT_PATH:
 * only the caller knows under which name, and by which TLS proxy, it reached us. A Location elsewhere,
 * such as a signed address of the file store, stays as it is.
 */
@Provider
class LocationFilter implements ContainerResponseFilter {

    /** Providers are created before the settings of the run are mapped. */
    private final Instance<HttpConfig> config;

    LocationFilter(Instance<HttpConfig> config) {
        this.config = config;
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        if (response.getHeaders().getFirst(HttpHeaders.LOCATION) instanceof URI location) {
            response.getHeaders()
                    .putSingle(
                            HttpHeaders.LOCATION,
                            reference(
                                    location,
                                    request.getUriInfo().getBaseUri(),
                                    config.get().rootPath().orElse("")));
        }
    }

    static String reference(URI location, URI base, String rootPath) {
        boolean own = location.getRawAuthority() == null
                || location.getRawAuthority().equals(base.getRawAuthority())
                        && location.getScheme().equals(base.getScheme());
        if (!own) {
            return location.toString();
        }
        String query = location.getRawQuery() == null ? "" : "?" + location.getRawQuery();
        return rootPath + location.getRawPath() + query;
    }
}
