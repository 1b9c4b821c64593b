"""Publishes a usage event for each OpenTelemetry span of a GenAI call. Lies next to producer.py.

Reads OTLP as JSON from standard input, a document per line, as the Collector's file exporter writes it:
tail -F spans.json | python3 otel_genai.py. Settings are those of producer.py, and ANALYTICS_MODELS: JSON of your
models' ids by the model's name in the spans. A model without an entry gets an id that is made of its name.
"""

import datetime
import json
import os
import sys
import uuid

import producer

MODELS = json.loads(os.environ.get("ANALYTICS_MODELS", "{}"))
# Spans of agents and tools hold the usage of the calls below them, and would be counted twice.
CALLS = {"chat", "text_completion", "generate_content", "embeddings"}


def attributes(span):
    found = {}
    for attribute in span.get("attributes", []):
        value = attribute["value"]
        # OTLP's JSON writes integers as texts.
        found[attribute["key"]] = int(value["intValue"]) if "intValue" in value else next(iter(value.values()))
    return found


def time(nanos):
    return datetime.datetime.fromtimestamp(int(nanos) / 1e9, datetime.timezone.utc)


def event(span):
    """The event of a span; None when it is not a call of a model."""
    of = attributes(span)
    if of.get("gen_ai.operation.name") not in CALLS:
        return None
    name = of.get("gen_ai.response.model") or of["gen_ai.request.model"]
    failure = of.get("error.type")
    tier = of.get("openai.response.service_tier") or of.get("gen_ai.openai.response.service_tier")
    usage = {
        "inputTokens": of.get("gen_ai.usage.input_tokens", 0),
        "outputTokens": of.get("gen_ai.usage.output_tokens", 0),
        "cacheReadInputTokens": of.get("gen_ai.usage.cache_read.input_tokens", 0),
        "cacheWriteInputTokens": of.get("gen_ai.usage.cache_creation.input_tokens", 0),
    }
    return {
        **producer.event(
            MODELS.get(name) or str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
            time(span["startTimeUnixNano"]),
            time(span["endTimeUnixNano"]),
            usage,
        ),
        # Of the span, so that it is counted once although it is exported again.
        "eventId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"otel:{span['traceId']}:{span['spanId']}")),
        "clientId": "otel",
        **({"status": "timeout" if failure == "timeout" else "error", "errorCode": failure} if failure else {}),
        **({"serviceTier": tier} if tier else {}),
    }


def spans(document):
    for resource in document.get("resourceSpans", []):
        for scope in resource.get("scopeSpans", []):
            yield from scope.get("spans", [])


if __name__ == "__main__":
    for line in sys.stdin:
        events = [found for found in map(event, spans(json.loads(line))) if found]
        for start in range(0, len(events), 1000):
            print("accepted", producer.publish(events[start : start + 1000]))
