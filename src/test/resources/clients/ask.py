"""Asks the service through the generated client and writes what the client understood as JSON."""
import json
import sys
from datetime import datetime

import analytics_client as client

url, token, org, job = sys.argv[1:]
start, end = "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z"


def text(value):
    return value.isoformat() if isinstance(value, datetime) else str(value)


with client.ApiClient(client.Configuration(host=url, access_token=token)) as api:
    exports = client.ExportsApi(api)
    order = client.ExportRequest.from_dict({"timeRange": {"start": start, "end": end}})
    answers = {
        "usage": client.UsageApi(api)
        .get_usage(org, start, end, granularity="day", group_by=["model", "client"])
        .to_dict(),
        "reliability": client.ReliabilityApi(api)
        .get_reliability(org, start, end, granularity="hour", group_by=["model"], percentile="p95")
        .to_dict(),
        "freshness": client.FreshnessApi(api).get_freshness(org).to_dict(),
        "export": exports.get_export(org, job).to_dict(),
        "exports": exports.list_exports(org, limit=1, status=["succeeded"]).to_dict(),
        "created": str(exports.create_export(org, order, idempotency_key="made-by-python").job_id),
    }
    try:
        client.EventsApi(api).validate_event([{"orgId": org}])
        answers["faults"] = "none"
    except client.ApiException as e:
        answers["faults"] = json.loads(e.body)["errors"]
print(json.dumps(answers, default=text))
