"""The execution log as a declared source: sorting whole deliveries."""

import json

from functions.metering.configuration.document_reading import default_configuration
from functions.metering.execution.source import ExecutionLogSource
from functions.metering.quarantine import quarantined_lines
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS
from tests.fakes.execution_log_lines import (
    delivery_of,
    events_of,
    prefixed,
    request_texts,
)

NOW_MS = REQUEST_TIME_MS + 20_000


def test_an_incomplete_request_can_be_read_again_from_its_quarantine_object() -> None:
    """The object names the log group, the stream, the request id and the first timestamp."""
    delivery = delivery_of(events_of(prefixed(request_texts()[:4])))
    found = ExecutionLogSource(REGION).sort(delivery, default_configuration(), NOW_MS)
    (kept,) = quarantined_lines(delivery, found.quarantined)
    assert kept.key.startswith("quarantine/incomplete/2026-07-20/01/")
    (detail,) = {entry["detail"] for entry in json.loads(kept.body)["logEvents"]}
    place = json.loads(detail)
    assert (place["logGroup"], place["logStream"]) == (delivery.log_group, delivery.log_stream)
    assert place["firstTimestamp"] == REQUEST_TIME_MS
    assert place["requestId"] in json.loads(kept.body)["logEvents"][0]["message"]


def test_every_request_of_a_delivery_is_counted_once() -> None:
    """Billed, excluded or quarantined, each with its own reason."""
    refusal = ["Gateway response type: INVALID_API_KEY with status code: 403"]
    lines = [
        *prefixed(request_texts(extended_id="A="), "a"),
        *prefixed(request_texts(extended_id="B=", end=refusal), "b"),
        *prefixed(request_texts(extended_id="C=")[:-2], "c"),
        *prefixed(["X-ray Tracing ID : 1-5c"], "d"),
        "START RequestId: 7",
    ]
    delivery = delivery_of(events_of(lines))
    found = ExecutionLogSource(REGION).sort(delivery, default_configuration(), NOW_MS)
    assert found.billed == 1
    assert found.excluded == {"forbidden": 1, "tail": 1}
    assert {why.reason for why, _ in found.quarantined} == {"unknown_format", "incomplete"}
