"""Publishes usage events over HTTP. Needs Python 3.8 and nothing else.

Settings: ANALYTICS_URL, ANALYTICS_ORG, ANALYTICS_API_KEY. Run as a program it publishes one sample event.
"""

import datetime
import json
import os
import time
import urllib.error
import urllib.request
import uuid

TRIES_MAX = 5


def publish(events):
    """Returns once the broker keeps all events. The same events may be published again: each is counted once."""
    url = f"{os.environ['ANALYTICS_URL']}/analytics/v1/orgs/{os.environ['ANALYTICS_ORG']}/events"
    headers = {"X-API-Key": os.environ["ANALYTICS_API_KEY"], "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(events).encode(), headers)
    for attempt in range(1, TRIES_MAX + 1):
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                outcome = json.load(response)
            if outcome["rejected"]:
                raise ValueError(outcome["rejected"])  # sending it again does not help
            return outcome["accepted"]
        except urllib.error.HTTPError as error:
            if error.code not in (429, 502, 503, 504) or attempt == TRIES_MAX:
                raise
        except OSError:
            if attempt == TRIES_MAX:
                raise
        time.sleep(2**attempt)


def event(model_id, started, ended, usage, **more):
    """An event of one call, made when its stream has ended. Keep its eventId with it, and publish it once."""
    return {
        "eventId": str(uuid.uuid4()),
        "orgId": os.environ["ANALYTICS_ORG"],
        "modelId": model_id,
        "occurredAt": ended.isoformat(),
        "latencyMs": round((ended - started).total_seconds() * 1000),
        "status": "success",
        **usage,
        **more,
    }


if __name__ == "__main__":
    now = datetime.datetime.now(datetime.timezone.utc)
    sample = event(
        "00000000-0000-4000-9000-000000000001",
        now - datetime.timedelta(milliseconds=812),
        now,
        {"inputTokens": 1500, "outputTokens": 320, "cacheReadInputTokens": 1000},
        clientId="python",
        serviceTier="batch",
    )
    print("accepted", publish([sample]))
