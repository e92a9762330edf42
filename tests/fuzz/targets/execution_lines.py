"""Lines of an execution log, of any number of requests: grouped, judged, billed."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from functions.metering.execution.requests import read_execution_requests
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS
from tests.fakes.execution_log_lines import (
    ACCOUNT,
    GROUP,
    STREAM,
    authorizer_texts,
    prefixed,
    request_texts,
    vended,
    vended_columns,
    woven,
)
from tests.fuzz.delivery_promises import is_understood, nothing_is_lost
from tests.fuzz.fuzzed_input import FuzzedInput, input_of
from tests.fuzz.fuzzed_metering import CUSTOMERS, Metered, configuration, meter
from tests.fuzz.target import Target, must

TENANT_HEADER = "X-Tenant-Id"
CORPUS = Path(__file__).parents[2] / "corpus"
_MOST_LINES = 64
_CUSTOMER = re.compile(r'"customerId"\s*:\s*("(?:[^"\\]|\\.)*")')


def check(data: bytes) -> None:
    """Each line is in one request; their order in the delivery says nothing; who pays is named."""
    fuzzed = FuzzedInput(data)
    header = fuzzed.one_of((None, TENANT_HEADER))
    terms = configuration(rich=fuzzed.one_of((False, True)))
    is_twice = fuzzed.one_of((False, True))
    log_events: list[dict[str, Any]] = [
        {"id": f"{place:056}", "timestamp": REQUEST_TIME_MS + place // 4, "message": text}
        for place, text in enumerate(fuzzed.texts[:_MOST_LINES])
    ]
    _each_line_once(log_events, header)
    metered = meter(log_events, GROUP, terms, tenant_header=header)
    nothing_is_lost(metered)
    is_understood(metered)
    _is_named(metered, [one["message"] for one in log_events], header)
    again = [*reversed(log_events), *(log_events if is_twice else ())]
    turned = meter(again, GROUP, terms, tenant_header=header)
    must(turned.events == metered.events, "order and repetition in a delivery say nothing")


def _each_line_once(log_events: list[dict[str, Any]], header: str | None) -> None:
    found = read_execution_requests(
        log_events,
        log_group=GROUP,
        log_stream=STREAM,
        account_id=ACCOUNT,
        region=REGION,
        tenant_header=header,
    )
    ids = sorted(one["id"] for request in found for one in request.log_events)  # type: ignore[index]
    must(ids == [one["id"] for one in log_events], "each line is in one request", ids)


def _is_named(metered: Metered, lines: list[str], header: str | None) -> None:
    """By a line of the request itself, at its beginning."""
    for event in metered.events:
        mark = f"({event['metadata'].get('requestId', '')}) "
        own = [text for line in lines if (text := _own_text(line, mark)) is not None]
        named = {name for text in own for name in _named(text, header)}
        must(event["customerId"] in named, "nobody pays whom no line names", event, own)


def _own_text(line: str, mark: str) -> str | None:
    is_wrapped = line.startswith(("{", "arn:aws"))
    text = json.loads(line)["payload"] if line.startswith("{") and mark in line else line
    start = text.find(mark)
    return text[start + len(mark) :] if start == 0 or (start > 0 and is_wrapped) else None


def _named(text: str, header: str | None) -> list[str]:
    if text.startswith("Authorizer result body before parsing:"):
        return [json.loads(found) for found in _CUSTOMER.findall(text)]
    if text.startswith("API Key ID:"):
        return [CUSTOMERS.get(text.removeprefix("API Key ID:").strip(), "")]
    if header and text.startswith("Method request headers:"):
        return re.findall(r"x-tenant-id=([^,}]*)", text, re.IGNORECASE)
    return []


def seeds() -> Iterable[bytes]:
    """Whole requests, in each wording that is known, and the corpus of real ones."""
    one = prefixed(request_texts())
    other = "11111111-2222-3333-4444-555555555555"
    second = prefixed(request_texts(extended_id="BzE7_GINwIdFDJB="), other)
    headers = "{Accept=*/*, X-Tenant-Id=cus_7Qm2xYz, User-Agent=curl}"
    named = authorizer_texts(result="")
    yield input_of("000", *one)
    yield input_of("101", *woven(one, second))
    yield input_of("100", *prefixed(request_texts(headers=headers, authorizer=named)))
    yield input_of("000", *prefixed(request_texts(key_id="k1l2m3n4o5", authorizer=[])))
    yield input_of("000", *[vended(line) for line in one])
    yield input_of("000", *[vended_columns(line) for line in one])
    yield input_of("000", *prefixed(request_texts(end=["Execution failed due to a timeout"])))
    yield input_of("010", *one, *prefixed(request_texts(status=429)))
    for sample in (CORPUS / "execution-log-samples.jsonl").read_text().splitlines():
        yield input_of("100", *json.loads(sample)["lines"])


WORDS = (
    "Extended Request Id: ",
    "Authorizer result body before parsing: ",
    "API Key ID: ",
    "Method completed with status: 200",
    "Method request headers: {X-Tenant-Id=cus_7Qm2xYz}",
    "Using valid authorizer policy for principal: *****m2xYz",
    "Unauthorized request: ",
    "Starting execution for request: ",
    "Starting authorizer: x for request: ",
    "Gateway response type: THROTTLED with status code: 429",
    "Key throughput limit for API Stage ",
    "Successfully completed execution",
    "HTTP Method: GET, Resource Path: /health",
    "Received response. Status: 200, Integration latency: 35 ms",
    " [TRUNCATED]",
    "(abe23b51-3a85-4167-851d-9ab66fc506b3) ",
    "(11111111-2222-3333-4444-555555555555) ",
    *("customerId", "context", "principalId", "tenantId", "payload", "api_id", "stage"),
    *("cus_7Qm2xYz", "cus_other", "k1l2m3n4o5", "X-Tenant-Id=", ", "),
)
TARGET = Target("execution_lines", check, seeds, WORDS)
