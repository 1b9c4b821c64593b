package io.inference.analytics.web;

import io.inference.analytics.platform.TokenBuckets;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * How often an address may send what is refused before a credential is looked at, such as a path or a method that is not
 * offered. Only the refusals are counted and only they turn into 429, so callers who share the address do not notice.
 */
@ApplicationScoped
class Strangers {

    private final TokenBuckets addresses = new TokenBuckets();
    private final ClientAddress clients;
    private final int perSecond;

    Strangers(ClientAddress clients, HttpConfig config) {
        this.clients = clients;
        this.perSecond = config.rateLimitRefused();
    }

    /**
     * Counts a request that is about to be refused; one whose caller is known does not count here.
     *
     * @throws Failure.TooManyRequests when there were too many from its address
     */
    void refuse(RoutingContext request) {
        if (request.get(HttpRoutes.ACTOR_KEY) == null) {
            addresses.take(clients.of(request.request()), perSecond, "More than %d requests per second were refused.");
        }
    }
}
