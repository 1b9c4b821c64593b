package io.inference.analytics.platform;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Spans that many others lead to, and the W3C form ({@code traceparent}) in which their context travels. Costs nothing while
 * tracing is off: then every span is the invalid one.
 */
@ApplicationScoped
public class Traces {

    /** Links of one span, at most: what the SDK keeps by default. */
    public static final int LINKS_MAX = 128;

    private static final Pattern TRACE_PARENT = Pattern.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})");

    private final Tracer tracer;
    private final boolean disabled;

    Traces(Tracer tracer, @ConfigProperty(name = "quarkus.otel.sdk.disabled") boolean disabled) {
        this.tracer = tracer;
        this.disabled = disabled;
    }

    /** Starts a span of its own trace with links to the contexts given; those that are no {@code traceparent} are left out. */
    public Span start(String name, SpanKind kind, Collection<String> traceParents) {
        if (disabled) {
            // A disabled SDK still makes spans, which are never exported.
            return Span.getInvalid();
        }
        SpanBuilder builder = tracer.spanBuilder(name).setSpanKind(kind).setNoParent();
        Set<String> distinct = new LinkedHashSet<>();
        for (String traceParent : traceParents) {
            if (distinct.size() == LINKS_MAX) {
                break;
            }
            if (distinct.add(traceParent)) {
                parse(traceParent).ifPresentOrElse(builder::addLink, () -> distinct.remove(traceParent));
            }
        }
        return builder.startSpan();
    }

    /**
     * Links the current span to more contexts, as {@link #start} does. They are read only while tracing is on; of those beyond
     * {@link #LINKS_MAX} the SDK keeps none.
     */
    public void link(Supplier<? extends Collection<String>> traceParents) {
        if (!disabled) {
            traceParents.get().forEach(each -> parse(each).ifPresent(Span.current()::addLink));
        }
    }

    /** Makes the span the current one of this thread, until the scope is closed; nothing is current while tracing is off. */
    public Scope enter(Span span) {
        return disabled ? Scope.noop() : span.makeCurrent();
    }

    /** The span that is current on this thread, as {@code traceparent}; empty when there is none. */
    public static Optional<String> current() {
        SpanContext context = Span.current().getSpanContext();
        return context.isValid()
                ? Optional.of("00-" + context.getTraceId() + "-" + context.getSpanId() + "-"
                        + context.getTraceFlags().asHex())
                : Optional.empty();
    }

    static Optional<SpanContext> parse(String traceParent) {
        var parts = TRACE_PARENT.matcher(traceParent);
        if (!parts.matches()) {
            return Optional.empty();
        }
        SpanContext context = SpanContext.createFromRemoteParent(
                parts.group(1), parts.group(2), TraceFlags.fromHex(parts.group(3), 0), TraceState.getDefault());
        return context.isValid() ? Optional.of(context) : Optional.empty();
    }
}
