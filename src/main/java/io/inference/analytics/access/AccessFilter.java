package io.inference.analytics.access;

import io.inference.analytics.access.AuditTrail.Decision;
import io.inference.analytics.access.AuditTrail.Outcome;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Uuids;
import io.inference.analytics.web.ClientAddress;
import io.inference.analytics.web.RequestIds;
import io.vertx.ext.web.RoutingContext;
import jakarta.annotation.Priority;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.ext.Provider;
import java.lang.reflect.Method;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;

/**
 * The access check in front of every resource method. It checks in this order: who calls (401),
 * whether the caller has the permission and the organisation (403), whether the organisation's id
 * is a UUID (404). The method itself checks the rest (404, 400). A method without an access
 * annotation is refused for every caller.
 */
@Provider
@Singleton
@Priority(Priorities.AUTHENTICATION)
class AccessFilter implements ContainerRequestFilter {

    private final Authentication authentication;
    private final RequestAudit audit;
    private final RateLimits limits;
    private final ClientAddress clients;
    private final CurrentCaller current;
    private final Clock clock;

    @Context
    ResourceInfo resource;

    @Context
    HttpHeaders headers;

    @Inject
    RoutingContext request;

    AccessFilter(
            Authentication authentication,
            RequestAudit audit,
            RateLimits limits,
            ClientAddress clients,
            CurrentCaller current,
            Clock clock) {
        this.authentication = authentication;
        this.audit = audit;
        this.limits = limits;
        this.clients = clients;
        this.current = current;
        this.clock = clock;
    }

    @Override
    public void filter(ContainerRequestContext context) {
        Method method = resource.getResourceMethod();
        if (method.isAnnotationPresent(Open.class)) {
            return;
        }
        Optional<String> org =
                Optional.ofNullable(context.getUriInfo().getPathParameters().getFirst("orgId"));
        Requires requires = method.getAnnotation(Requires.class);
        boolean anyCaller = method.isAnnotationPresent(AnyCaller.class);
        String action = requires == null
                ? (anyCaller ? "any-caller" : "undeclared")
                : requires.value().wireName();
        Optional<Caller> caller = Optional.empty();
        try {
            caller = Optional.of(authentication.caller(headers));
            request.put("analytics.actor", caller.get().subject());
            limits.takeOfSubject(caller.get().subject());
            if (requires != null) {
                authorise(caller.get(), requires, org);
            } else if (!anyCaller) {
                throw new Failure.Forbidden("No caller may use this endpoint.");
            }
        } catch (Failure.Unauthorized | Failure.Forbidden e) {
            if (caller.isEmpty()) {
                limits.takeOfAddress(clients.of(request.request()));
            }
            record(context, caller, action, org, Outcome.DENIED);
            throw e;
        }
        // Only now, so that callers without access cannot use up an organisation's limit.
        org.flatMap(Uuids::parse).ifPresent(limits::takeOfOrg);
        record(context, caller, action, org, Outcome.ALLOWED);
        current.set(caller.get());
        if (org.isPresent() && Uuids.parse(org.get()).isEmpty()) {
            throw new Failure.NotFound("There is no such organisation: an id is a UUID.");
        }
    }

    private static void authorise(Caller caller, Requires requires, Optional<String> org) {
        Permission permission = requires.value();
        if (requires.everywhere() ? !caller.hasEverywhere(permission) : !caller.has(permission)) {
            throw new Failure.Forbidden(
                    ("The permission " + permission.wireName() + " is missing. " + caller.missing()).strip());
        }
        if (org.isPresent() && !caller.hasEverywhere(permission)) {
            Optional<UUID> id = Uuids.parse(org.get());
            if (id.isEmpty() || !caller.has(permission, id.get())) {
                throw new Failure.Forbidden("The credential is not for this organisation.");
            }
        }
    }

    private void record(
            ContainerRequestContext context,
            Optional<Caller> caller,
            String action,
            Optional<String> org,
            Outcome outcome) {
        boolean crossOrg = outcome == Outcome.ALLOWED
                && caller.map(who -> org.flatMap(Uuids::parse)
                                .map(id -> !who.orgs().contains(id))
                                .orElseGet(who::seesAllOrgs))
                        .orElse(false);
        audit.record(
                request,
                new Decision(
                        clock.instant(),
                        caller.map(Caller::subject),
                        action,
                        org,
                        outcome,
                        crossOrg,
                        context.getMethod(),
                        request.normalizedPath(),
                        RequestIds.traceId(request)));
    }
}
