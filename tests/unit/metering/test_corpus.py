"""Real access log lines: read, or quarantined with a reason; their facts survive our format."""

import json
from pathlib import Path
from typing import Any

import pytest

from functions.metering.access.format_v1 import read_line
from functions.metering.request import Request
from functions.usage.outcome import Quarantined
from tests.fakes.access_log_lines import FIELDS, REGION, access_line

CORPUS = Path(__file__).parents[2] / "corpus" / "access-log-lines.jsonl"
SAMPLES = [json.loads(line) for line in CORPUS.read_text().splitlines()]
# What a sample's fact is called in our format, and in the facts that we read.
FACTS = {
    "request_id": ("requestId", "request_id"),
    "extended_request_id": ("extendedRequestId", "extended_request_id"),
    "api_id": ("apiId", "api_id"),
    "stage": ("stage", "stage"),
    "method": ("httpMethod", "method"),
    "route": ("resourcePath", "route"),
    "status": ("status", "status"),
    "response_bytes": ("responseLength", "response_bytes"),
    "latency_ms": ("responseLatency", "latency_ms"),
    "integration_latency_ms": ("integrationLatency", "integration_latency_ms"),
    "integration_status": ("integrationStatus", "integration_status"),
    "time_epoch_ms": ("requestTimeEpoch", "time_ms"),
}


def _name(sample: dict[str, Any]) -> str:
    return str(sample["sample_id"])


@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_a_line_of_another_format_is_quarantined(sample: dict[str, Any]) -> None:
    """None of them is ours, so none of them is billed by a guess."""
    for line in sample["lines"]:
        found = read_line(line, REGION)
        assert isinstance(found, Quarantined)
        assert found.reason in {"unknown_format", "invalid_json"}


@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_its_facts_written_in_our_format_are_read(sample: dict[str, Any]) -> None:
    """What it says comes back as it is; what it does not say is None."""
    known = {name: sample["expected"].get(name) for name in FACTS}
    written = dict.fromkeys(FIELDS, "-") | {"v": "1"}
    for name, value in known.items():
        written[FACTS[name][0]] = "-" if value is None else str(value)
    found = read_line(access_line(**written), REGION)
    assert isinstance(found, Request)
    assert found.fault is None
    assert {name: getattr(found, FACTS[name][1]) for name in FACTS} == known
