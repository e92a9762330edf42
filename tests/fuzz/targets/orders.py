"""What people and schedules type: inputs of a replay, of an audit and of a reconcile's steps."""

import json
from collections.abc import Iterable
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from functions.audit.repair.audit_order import AuditOrder, places_from
from functions.audit.repair.audit_start import AuditStart
from functions.audit.watched_source import WatchedSource
from functions.reconciliation.answers import Answers, Question
from functions.reconciliation.due import DueQuestion
from functions.replay.order import PROBLEM_CHARACTERS, NotUnderstood, Order, read_order
from tests.fuzz.fuzzed_input import FuzzedInput, input_of
from tests.fuzz.fuzzed_metering import NOW_MS
from tests.fuzz.target import Target, must

if TYPE_CHECKING:
    from functions.audit.settings import AuditSettings

STATE_BYTES = 262_144
SOURCES = (
    WatchedSource(name="orders", logGroup="/o", kind="access", apiId="a1", stage="prod"),
    WatchedSource(name="zero", logGroup="/z", kind="execution"),
)
_SETTINGS = cast(
    "AuditSettings",
    SimpleNamespace(audit_window_seconds=900, audit_delay_seconds=3600, audit_shards=2),
)
START = AuditStart(
    settings=_SETTINGS,
    sources=lambda: SOURCES,
    kept_days=lambda groups: dict.fromkeys(groups, 30),
    parts=lambda _: ("p/exp-1/a/000000.gz", "p/exp-1/a/000001.gz"),
    now_ms=lambda: NOW_MS,
)


def check(data: bytes) -> None:
    """An order that is understood is the same when it is read again; any other says what is wrong
    in so many characters; nothing but that.
    """
    fuzzed = FuzzedInput(data)
    of = fuzzed.one_of((_replay, _audit, _question, _due, _answers))
    try:
        given = json.loads(fuzzed.rest)
    except (ValueError, RecursionError):
        given = fuzzed.rest
    of(given)


def _replay(given: object) -> None:
    order = read_order(given)
    if isinstance(order, NotUnderstood):
        _says_why(order.problem, given)
        return
    again = json.loads(json.dumps(order.model_dump(mode="json", by_alias=True, exclude_none=True)))
    must(read_order(again) == order, "an order is read again as it was", again)
    must(isinstance(order, Order), "an order is one", order)
    for moment in (0, NOW_MS, 2**53):
        order.filter.takes_time(moment)


def _audit(given: object) -> None:
    answer = START.answer(given)
    if answer["outcome"] == "refused":
        _says_why(answer["problem"], given)
        return
    text = json.dumps(answer)
    must(len(text) < STATE_BYTES, "an order fits into a state", len(text))
    order = AuditOrder.model_validate(json.loads(text)["order"])
    must(order.windows > 0, "an audit looks at something", order)
    for place in islice(places_from(order, 0), 3):
        must(order.from_ms <= place.window.from_ms < place.window.to_ms <= order.to_ms, "in range")
    must(order.at(order.windows - 1).window.to_ms <= order.to_ms, "the last place is in it", order)


def _says_why(problem: str, given: object) -> None:
    must(0 < len(problem) <= PROBLEM_CHARACTERS, "a refusal says why, in short", problem, given)


def _question(given: object) -> None:
    _shaped(Question, given)


def _due(given: object) -> None:
    _shaped(DueQuestion, given)


def _answers(given: object) -> None:
    _shaped(Answers, given)


def _shaped(kind: type[Question | DueQuestion | Answers], given: object) -> None:
    try:
        found = kind.model_validate(given)
    except ValidationError:
        return
    again: Any = json.loads(json.dumps(found.model_dump(mode="json", by_alias=True)))
    must(kind.model_validate(again) == found, "an input is read again as it was", again)


def seeds() -> Iterable[bytes]:
    """One of each field."""
    hours = {"olderThan": "2026-10-02T08:00:00Z", "newerThan": "2026-10-02T07:00:00+02:00"}
    for replay in (
        {},
        {"source": "usage", "filter": {"class": ["poison"], "customerId": "c", **hours}},
        {"source": "quarantine", "filter": {"reason": ["tamper"]}, "eventsPerSecond": 5},
        {"source": "counters", "maxMessages": 3, "dryRun": True, "quiet": True},
        {"sendAmbiguous": True, "filter": {"class": ["ambiguous"]}, "Comment": "x"},
        {"sorce": "usage", "filter": None},
    ):
        yield input_of("0", json.dumps(replay))
    day = {"from": "2026-07-19T00:00:00Z", "to": "2026-07-20T00:00:00Z"}
    for audit in (
        {},
        {**day, "source": "orders", "shard": 1, "shards": 4},
        {**day, "windowSeconds": 60, "dryRun": True, "includeOld": True, "quiet": True},
        {"export": {"bucket": "b", "prefix": "p"}, "source": "orders", "Comment": "x"},
        {"form": 1, "to": None, "shard": 999},
    ):
        yield input_of("1", json.dumps(audit))
    yield input_of("2", json.dumps({"meter": "api_calls", "customers": ["c1", "c2"]}))
    due = {"meter": "api_calls", "most": 5, "sources": [], "areSourcesKnown": True}
    yield input_of("3", json.dumps(due))
    yield input_of("3", json.dumps({**due, "sources": [{"name": "a", "logGroup": "/a", "x": 1}]}))
    quota = {"limit": 7, "currentUsage": 2.5}
    guard = {"level": "L2_THROTTLE", "allowPercent": 50, "retrySeconds": 60}
    customer = {"customerId": "c1", "askedAtMs": 5, "quota": quota, "guard": guard}
    yield input_of("4", json.dumps({"meter": "api_calls", "customers": [customer]}))


WORDS = (
    *("source", "usage", "quarantine", "counters", "dryRun", "maxMessages", "filter", "class"),
    *("customerId", "reason", "olderThan", "newerThan", "eventsPerSecond", "sendAmbiguous"),
    *("quiet", "Comment", "from", "to", "shard", "shards", "windowSeconds", "includeOld"),
    *("export", "bucket", "prefix", "orders", "poison", "ambiguous", "2026-07-19T00:00:00Z"),
    *("1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "tamper"),
    *("9999-12-31T23:59:59-23:59", "meter", "customers", "most", "sources", "areSourcesKnown"),
)
TARGET = Target("orders", check, seeds, WORDS)
