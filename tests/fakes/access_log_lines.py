"""Access log lines of our format v1 and the subscription payloads that carry them, made up."""

import base64
import gzip
import json
from collections.abc import Sequence
from typing import Any

REGION = "eu-west-1"
LOG_GROUP = "/aws/apigateway/aforo/a1b2c3d4e5/prod"
REQUEST_TIME_MS = 1_784_512_215_218

# In the order of the stage's format; "-" is what API Gateway prints for what it does not have.
FIELDS = {
    "v": "1",
    "extendedRequestId": "AyD6_FHMvHcECIA=",
    "requestId": "abe23b51-3a85-4167-851d-9ab66fc506b3",
    "accountId": "123456789012",
    "apiId": "a1b2c3d4e5",
    "stage": "prod",
    "requestTimeEpoch": str(REQUEST_TIME_MS),
    "httpMethod": "GET",
    "resourcePath": "/pets/{id}",
    "status": "200",
    "responseLength": "512",
    "responseLatency": "41",
    "integrationStatus": "200",
    "integrationLatency": "35",
    "errorType": "-",
    "xrayTraceId": "-",
    "apiKeyId": "-",
    "principalId": "cus_7Qm2",
    "customerId": "cus_7Qm2",
    "tenantId": "tenant_1",
    "keyId": "key_1",
    "traceparent": "-",
}


# What API Gateway refuses itself reaches no integration.
_REFUSALS = frozenset({"401", "403", "429"})


def access_line(**changes: object) -> str:
    """One line; a changed field of None is left out. A 401, 403 or 429 is API Gateway's own, unless
    the integration is said to have answered.
    """
    unasked = {"integrationStatus": "-"} if str(changes.get("status")) in _REFUSALS else {}
    fields = {**FIELDS, **unasked, **changes}
    return json.dumps(
        {name: value for name, value in fields.items() if value is not None},
        separators=(",", ":"),
    )


def distinct_line(number: int, **changes: object) -> str:
    """A line with an identity of its own."""
    return access_line(extendedRequestId=f"id{number:012}=", **changes)


def log_events(lines: Sequence[object]) -> list[dict[str, object]]:
    return [
        {"id": f"{number:056}", "timestamp": REQUEST_TIME_MS, "message": line}
        for number, line in enumerate(lines)
    ]


def subscription_payload(lines: Sequence[object], **changes: object) -> dict[str, Any]:
    """What CloudWatch Logs sends for lines of one stream; `changes` go into its envelope."""
    envelope = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": LOG_GROUP,
        "logStream": "e369853df766fa44e1ed0ff613f563bd",
        "subscriptionFilters": ["usage"],
        "logEvents": log_events(lines),
        **changes,
    }
    return packed_payload(json.dumps(envelope).encode())


def packed_payload(content: bytes) -> dict[str, Any]:
    """Any bytes, gzipped and encoded as a payload."""
    data = base64.b64encode(gzip.compress(content, mtime=0)).decode()
    return {"awslogs": {"data": data}}
