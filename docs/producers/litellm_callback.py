"""A callback for LiteLLM that publishes a usage event for each call. Lies next to producer.py.

In Python: litellm.callbacks = [litellm_callback.usage]. In the proxy's configuration:
litellm_settings: {callbacks: litellm_callback.usage}. Settings are those of producer.py, and ANALYTICS_MODELS:
JSON of your models' ids by LiteLLM's name, such as {"gpt-4o": "3f0c…"}. A model without an entry gets an id that
is made of its name.
"""

import asyncio
import json
import os
import uuid

import producer
from litellm.integrations.custom_logger import CustomLogger

MODELS = json.loads(os.environ.get("ANALYTICS_MODELS", "{}"))
STATUS = {"Timeout": "timeout", "APITimeoutError": "timeout", "RateLimitError": "throttled"}


def model_id(name):
    return MODELS.get(name) or str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def field(thing, name):
    return thing.get(name) if isinstance(thing, dict) else getattr(thing, name, None)


def tokens(usage):
    """LiteLLM counts like OpenAI: prompt_tokens is everything read, cached included, whatever the provider."""
    return {
        "inputTokens": field(usage, "prompt_tokens") or 0,
        "outputTokens": field(usage, "completion_tokens") or 0,
        "cacheReadInputTokens": field(field(usage, "prompt_tokens_details"), "cached_tokens") or 0,
        "cacheWriteInputTokens": field(usage, "cache_creation_input_tokens") or 0,
    }


def event(kwargs, response, started, ended):
    failure = kwargs.get("exception")
    more = {"status": STATUS.get(type(failure).__name__, "error"), "errorCode": type(failure).__name__} if failure else {}
    tier = field(response, "service_tier")
    return {
        **producer.event(model_id(kwargs["model"]), started, ended, tokens(field(response, "usage")), **more),
        # Of the call, so that the event is counted once although a callback is called again.
        "eventId": str(uuid.uuid5(uuid.NAMESPACE_URL, "litellm:" + kwargs["litellm_call_id"])),
        "occurredAt": ended.astimezone().isoformat(),
        "clientId": "litellm",
        **({"serviceTier": tier} if tier else {}),
    }


class Usage(CustomLogger):
    def log_success_event(self, kwargs, response_obj, start_time, end_time):
        producer.publish([event(kwargs, response_obj, start_time, end_time)])

    log_failure_event = log_success_event

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        await asyncio.to_thread(self.log_success_event, kwargs, response_obj, start_time, end_time)

    async_log_failure_event = async_log_success_event


usage = Usage()
