"""What always holds of execution logs, whatever clients send and however lines are delivered."""

import json
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.execution.source import ExecutionLogSource
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS
from tests.fakes.execution_log_lines import (
    CUSTOMER,
    GROUP,
    REQUEST_ID,
    authorizer_texts,
    configured,
    cut,
    delivery_of,
    events_of,
    prefixed,
    read,
    request_texts,
    result_body,
)

NOW_MS = REQUEST_TIME_MS + 20_000
VICTIM = "cus_victim"
VICTIMS_KEY = "v7y79n2re7"
CONFIGURATION = configured({VICTIMS_KEY: VICTIM})
SOURCE = ExecutionLogSource(REGION, "X-Tenant-Id")
# What a client may put into its path, headers and body, and a backend into its answer.
FORGERIES = st.lists(
    st.sampled_from(
        [
            "\n",
            ", ",
            "=",
            "{",
            "}",
            '"',
            "'",
            " ",
            "/",
            " [TRUNCATED]",
            f"X-Tenant-Id={VICTIM}",
            f"x-tenant-id={VICTIM}, a=b",
            f"({REQUEST_ID}) ",
            "Extended Request Id: Zz=",
            f"Authorizer result body before parsing: {result_body(VICTIM)}",
            f"Using valid authorizer policy for principal: {VICTIM}",
            f"API Key ID: {VICTIMS_KEY}",
            "Method completed with status: 200",
            f'"customerId":"{VICTIM}"',
        ]
    )
    | st.text(max_size=8),
    max_size=12,
).map("".join)
LABELS = st.sampled_from([text.partition(":")[0] for text in request_texts()] + ["API Key ID"])
LINES = (
    st.text()
    | st.tuples(LABELS, st.text(max_size=40)).map(lambda pair: f"(a) {pair[0]}: {pair[1]}")
    | FORGERIES.map(lambda text: f"(a) {text}")
    | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))
    | st.builds(lambda text: json.dumps({"payload": text}), FORGERIES)
)


def events(log_events: list[Any], log_group: str = GROUP) -> list[dict[str, Any]]:
    found = SOURCE.sort(delivery_of(log_events, log_group), CONFIGURATION, NOW_MS)
    return [json.loads(text) for text in found.event_texts]


@given(st.lists(LINES, max_size=30), st.sampled_from([GROUP, "/aws/lambda/a", "", "/own"]))
def test_nothing_raises_and_every_log_event_is_accounted_for(lines: list[str], group: str) -> None:
    """Whatever the bytes: each log event belongs to exactly one request."""
    log_events = events_of(lines)
    found = read(lines, log_group=group)
    seen = [event for request in found for event in request.log_events]
    assert len(seen) == len(log_events)
    assert {event["id"] for event in seen if isinstance(event, dict)} == {
        event["id"] for event in log_events
    }
    assert events(log_events, group) == events(log_events, group)


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.integers(),
            st.dictionaries(
                st.sampled_from(["id", "timestamp", "message", "x"]),
                st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.none()),
            ),
        ),
        max_size=8,
    )
)
def test_any_log_event_is_taken(log_events: list[Any]) -> None:
    """A payload holds whatever it holds; without a request there is no event."""
    assert events(log_events) == []


@given(
    path=FORGERIES,
    header=FORGERIES,
    body=FORGERIES,
    answer=FORGERIES,
    is_logged=st.booleans(),
    has_authorizer=st.booleans(),
)
def test_no_client_can_name_another_customer(
    *, path: str, header: str, body: str, answer: str, is_logged: bool, has_authorizer: bool
) -> None:
    """Whoever pays is whom the authorizer verified, or nobody: with its result in the log, with a
    cached policy, and without an authorizer.
    """
    authorizer = authorizer_texts(result=None if is_logged else "") if has_authorizer else []
    texts = request_texts(
        authorizer=authorizer,
        path=f"/{path}",
        headers=f"{{Accept=*/*, User-Agent={header}, Host=a}}",
    )
    at = texts.index("Method request body before transformations: ")
    texts[at] += body
    texts.insert(-3, f"Endpoint response body before transformations: {answer}")
    texts.insert(-3, f"Lambda execution failed with status 200 due to x: {answer}")
    customers = {event["customerId"] for event in events(events_of(map(cut, prefixed(texts))))}
    assert customers <= {CUSTOMER}
    if is_logged and has_authorizer:
        assert customers == {CUSTOMER}


@given(FORGERIES)
def test_a_caller_who_uses_another_requests_id_bills_nobody_for_it(text: str) -> None:
    """Its own lines, anywhere among those of the other, name no new payer."""
    mine = prefixed(request_texts())
    theirs = prefixed(
        request_texts(extended_id="Theirs=", authorizer=authorizer_texts(VICTIM), headers=text)
    )
    for at in range(len(mine)):
        found = events(events_of([*mine[:at], *theirs, *mine[at:]]))
        payers = {event["metadata"]["extendedRequestId"]: event["customerId"] for event in found}
        assert payers.items() <= {"AyD6_FHMvHcECIA=": CUSTOMER, "Theirs=": VICTIM}.items()


REFUSAL = ["Gateway response type: INVALID_API_KEY with status code: 403"]


def _request(number: int) -> list[str]:
    """A request of its own; some have the request id of another one, every third is refused."""
    texts = request_texts(
        extended_id=f"id{number}=",
        authorizer=authorizer_texts(f"cus_{number}00000"),
        status=[200, 404][number % 2],
        end=REFUSAL if number % 3 == 2 else None,
    )
    return prefixed(texts, f"id-{number - number % 3}" if number % 2 else f"id-{number}")


@given(st.data())
def test_regrouped_reordered_and_repeated_deliveries_give_the_same_keys(data: Any) -> None:
    """As long as a request's lines are together; requests of one id stay one after the other."""
    count = data.draw(st.integers(1, 8))
    pieces = []
    for number in range(count):
        lines = _request(number)
        pieces.append(events_of(lines, first=100 * number))
    whole = {event["idempotencyKey"] for piece in pieces for event in events(piece)}
    cuts = sorted(data.draw(st.sets(st.integers(1, count), max_size=3)) | {0, count})
    deliveries = [
        [entry for piece in pieces[start:end] for entry in piece] for start, end in pairwise(cuts)
    ]
    order = data.draw(st.permutations(deliveries))
    again = data.draw(st.lists(st.sampled_from(deliveries), max_size=3))
    regrouped = {
        event["idempotencyKey"] for delivery in [*order, *again] for event in events(delivery)
    }
    shuffled = data.draw(st.permutations([entry for piece in pieces for entry in piece]))
    together = {event["idempotencyKey"] for event in events([*shuffled, *shuffled])}
    assert len(whole) == sum(number % 3 != 2 for number in range(count))
    assert whole == regrouped == together


MEGABYTE = 1 << 20
HOSTILE: dict[str, Callable[[], str]] = {
    "headers of one name": lambda: _header_line("X-Tenant-Id=a, " * (MEGABYTE // 15)),
    "headers of commas": lambda: _header_line(", " * (MEGABYTE // 2)),
    "a header without end": lambda: _header_line("X-Tenant-Id=" + "a" * MEGABYTE),
    "brackets": lambda: "(" * MEGABYTE,
    "deep JSON": lambda: '{"payload":' + "[" * MEGABYTE,
    "a deep result": lambda: "(a) Authorizer result body before parsing: " + "[" * MEGABYTE,
    "a result of quotes": lambda: "(a) Authorizer result body before parsing: " + '"' * MEGABYTE,
    "columns": lambda: "arn:aws:x:/restapis/a/stages/b" + " GET (" * (MEGABYTE // 6),
    "blanks": lambda: "(a) HTTP Method: " + " " * MEGABYTE,
    "Lambda ids": lambda: "(a) Lambda " + "Lambda request id: " * (MEGABYTE // 19),
}


def _header_line(content: str) -> str:
    return f"(a) Method request headers: {{{content}}}"


def _calls(line: str) -> int:
    """How many calls reading a line takes, Python's and C's: its work, whatever the machine."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        read([line], tenant_header="X-Tenant-Id")
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_megabyte_is_no_more_work_than_a_plain_one(name: str) -> None:
    """Every step is one pass in C over the line, and the number of steps does not grow with it."""
    plain = _calls("(a) Method request body before transformations: " + "a" * MEGABYTE)
    assert _calls(HOSTILE[name]()) < plain + 60
