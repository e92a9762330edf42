"""The Lambda function of the stand-in: log deliveries come in, posts to Aforo leave.

Standard library only: this file alone is its artifact.
"""

import base64
import gzip
import json
import os
import time
import urllib.error
import urllib.request
from collections import Counter
from datetime import UTC, datetime
from typing import Any

FREE_PATHS = ("/health", "/ready", "/metrics", "/favicon.ico")
FREE_STATUSES = frozenset({401, 403, 429})
CUSTOMER_CHARS = 64
TRIES = 3
TIMEOUT_SECONDS = 10
# Worth another try; every other 4xx drops the batch.
PASSING = frozenset({408, 429})
SERVER_ERROR = 500

type Event = dict[str, Any]


class NotDeliveredError(Exception):
    """Lambda is to deliver the log events again."""


def handler(payload: dict[str, Any], _context: object) -> dict[str, Any]:
    """One delivery of the log group."""
    delivery = json.loads(gzip.decompress(base64.b64decode(payload["awslogs"]["data"])))
    if delivery["messageType"] == "CONTROL_MESSAGE":
        return {"sent": 0}
    log_events = delivery["logEvents"]
    print(f"Processing {len(log_events)} log events from {delivery['logGroup']}")
    skipped: Counter[str] = Counter()
    events = [event for one in log_events if (event := usage_event(one, skipped)) is not None]
    if skipped:
        print(f"Skipped: {json.dumps(skipped)}")
    size = int(os.environ.get("FLUSH_COUNT", "50"))
    batches = [events[start : start + size] for start in range(0, len(events), size)]
    outcomes = [(post(batch), len(batch)) for batch in batches]
    sent = sum(count for outcome, count in outcomes if outcome == "sent")
    print(f"Sent {sent}/{len(events)} events to Aforo")
    if any(outcome == "not delivered" for outcome, _ in outcomes):
        raise NotDeliveredError("a batch is not delivered")
    return {"sent": sent}


def usage_event(log_event: dict[str, Any], skipped: Counter[str]) -> Event | None:
    """None for what it does not meter, which is counted."""
    try:
        line = json.loads(log_event["message"])
    except ValueError:
        skipped["unparseable"] += 1
        return None
    path, status = line.get("resourcePath") or "", int(line.get("status") or 0)
    customer = _said(line.get("customerId"))
    why = _why_not(line, path, status, customer)
    if why:
        skipped[why] += 1
        return None
    occurred_at = datetime.fromtimestamp(log_event["timestamp"] / 1000, UTC)
    metadata = {
        "gateway": "aws-api-gateway",
        "method": line.get("httpMethod"),
        "path": path,
        "status": status,
        "stage": line.get("stage"),
        "requestId": line["requestId"],
        "keyId": _said(line.get("keyId")),
    }
    return {
        "customerId": customer,
        "metricName": os.environ.get("DEFAULT_METRIC", "api_calls"),
        "quantity": 1,
        "occurredAt": occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        # The client may have chosen it: x-amzn-RequestId.
        "idempotencyKey": line["requestId"],
        "productType": "API",
        "metadata": {name: value for name, value in metadata.items() if value},
    }


def _why_not(line: dict[str, Any], path: str, status: int, customer: str) -> str:
    """What is never metered, in its order; empty for what is."""
    rules = {
        "excluded path": path.startswith(FREE_PATHS),
        "excluded status": status in FREE_STATUSES,
        "OPTIONS": line.get("httpMethod") == "OPTIONS",
        "no customerId": not customer,
        "customerId longer than 64 chars": len(customer) > CUSTOMER_CHARS,
    }
    return next((why for why, holds in rules.items() if holds), "")


def _said(value: object) -> str:
    text = str(value or "").strip()
    return "" if text == "-" else text


def post(batch: list[Event]) -> str:
    """`sent`, `rejected` or `not delivered`. A rejected batch is dropped, the good events too."""
    request = urllib.request.Request(  # noqa: S310 - the endpoint that the test gives
        os.environ["AFORO_ENDPOINT"],
        json.dumps({"events": batch}).encode(),
        {"Content-Type": "application/json", "X-API-Key": os.environ["AFORO_API_KEY"]},
    )
    for attempt in range(TRIES):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310 - as above
                return "sent"
        except urllib.error.HTTPError as error:
            if error.code < SERVER_ERROR and error.code not in PASSING:
                print(f"Aforo rejected the batch with {error.code}: dropping {len(batch)} event(s)")
                return "rejected"
        except OSError:
            pass  # tried again
        time.sleep(0.2 * 2**attempt)
    return "not delivered"
