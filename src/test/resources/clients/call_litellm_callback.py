# Calls the callback as LiteLLM does: once after a stream, once more for the same call, once after a failure.
import asyncio
import datetime
from types import SimpleNamespace

import litellm_callback


class RateLimitError(Exception):
    pass


ended = datetime.datetime.now()
started = ended - datetime.timedelta(milliseconds=700)
kwargs = {"model": "claude-x", "litellm_call_id": "call-1"}
response = SimpleNamespace(
    service_tier="batch",
    usage=SimpleNamespace(
        prompt_tokens=1500,
        completion_tokens=320,
        prompt_tokens_details=SimpleNamespace(cached_tokens=1000),
        cache_creation_input_tokens=100,
    ),
)
litellm_callback.usage.log_success_event(kwargs, response, started, ended)
asyncio.run(litellm_callback.usage.async_log_success_event(kwargs, response, started, ended))
failed = {"model": "claude-x", "litellm_call_id": "call-2", "exception": RateLimitError("slow down")}
litellm_callback.usage.log_failure_event(failed, None, started, ended)
