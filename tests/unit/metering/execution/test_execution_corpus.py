"""Real execution logs: every fact that they say is read, and none that they do not."""

import json
from pathlib import Path
from typing import Any

import pytest

from functions.metering.configuration.document_reading import default_configuration
from functions.metering.execution.requests import ExecutionRequest, read_execution_requests
from functions.metering.execution.source import ExecutionLogSource
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS
from tests.fakes.execution_log_lines import delivery_of

CORPUS = Path(__file__).parents[3] / "corpus" / "execution-log-samples.jsonl"
SAMPLES = [json.loads(line) for line in CORPUS.read_text().splitlines()]
OF_GATEWAY = [sample for sample in SAMPLES if sample["kind"] != "not_api_gateway"]
FACTS = (
    "request_id",
    "extended_request_id",
    "api_id",
    "stage",
    "method",
    "path",
    "route",
    "status",
    "integration_latency_ms",
    "integration_status",
    "api_key_id",
)
BESIDE = ("integration_request_id", "xray_trace_id", "authorizer_id")
# Said by another line than the one that the sample's author had in mind.
ALSO_SAID = {
    "dev-030": {"integration_status": 200},
    "dev-046": {"integration_status": 200},
}


def _name(sample: dict[str, Any]) -> str:
    return str(sample["sample_id"])


def _log_events(sample: dict[str, Any]) -> list[dict[str, object]]:
    places = sample.get("events") or [{} for _ in sample["lines"]]
    return [{**place, "message": line} for place, line in zip(places, sample["lines"], strict=True)]


def _read(sample: dict[str, Any]) -> list[ExecutionRequest]:
    return read_execution_requests(
        _log_events(sample),
        log_group=sample.get("log_group"),
        log_stream=sample.get("log_stream"),
        account_id=sample.get("owner"),
        region=REGION,
        tenant_header="X-Tenant-Id",
    )


def _expected(sample: dict[str, Any]) -> list[dict[str, Any]]:
    """One entry per request; what a sample says of all its requests goes into each."""
    shared = {key: value for key, value in sample["expected"].items() if key != "requests"}
    return [{**shared, **each} for each in sample["expected"].get("requests", [{}])]


@pytest.mark.parametrize("sample", OF_GATEWAY, ids=_name)
def test_every_fact_is_read_and_none_invented(sample: dict[str, Any]) -> None:
    """What the sample says is read as it is; what it does not say is None."""
    found, expected = _read(sample), _expected(sample)
    assert len(found) == len(expected)
    for request, facts in zip(found, expected, strict=True):
        said = {**facts, **ALSO_SAID.get(sample["sample_id"], {})}
        assert {name: getattr(request.request, name) for name in FACTS} == {
            name: said.get(name) for name in FACTS
        }
        assert request.request.customer_id is None
        for name in set(BESIDE) & set(facts):
            assert getattr(request, name) == facts[name]
        if "failure" in facts:
            assert request.failure == facts["failure"]


@pytest.mark.parametrize("sample", OF_GATEWAY, ids=_name)
def test_what_is_whole_is_taken_for_whole(sample: dict[str, Any]) -> None:
    """`complete` is as the sample's author says, where the log rather than a page cut it."""
    excerpts = {"exec_unauthorized_no_status_line"}  # whole, but for its prefixes
    if sample["kind"] == "execution":
        expected = sample["complete"] or sample["variety"] in excerpts
        assert {request.complete for request in _read(sample)} == {expected}
    else:
        assert {request.excluded.reason for request in _read(sample) if request.excluded} == {
            "test_invoke"
        }


@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_no_sample_bills_anybody(sample: dict[str, Any]) -> None:
    """None of them holds a customer that our authorizer verified."""
    source = ExecutionLogSource(REGION, "X-Tenant-Id")
    delivery = delivery_of(_log_events(sample), sample.get("log_group", ""))
    found = source.sort(delivery, default_configuration(), REQUEST_TIME_MS)
    assert found.event_texts == []
    assert found.quarantined or found.excluded


@pytest.mark.parametrize(
    ("sample_id", "reason"),
    [
        ("dev-026", "no_prefix"),
        ("dev-032", "tail"),
        ("dev-036", "throttled"),
        ("dev-037", "wrong_group"),
        ("dev-044", "test_invoke"),
    ],
)
def test_what_is_no_usage_says_why(sample_id: str, reason: str) -> None:
    """Excluded with the reason of gateway-logs.md 5."""
    (sample,) = (sample for sample in SAMPLES if sample["sample_id"] == sample_id)
    assert {request.excluded.reason for request in _read(sample) if request.excluded} == {reason}
