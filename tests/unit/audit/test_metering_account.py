"""Metering's answer, whatever size it may have, or what went wrong."""

import io
import json
import zlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.log.account import Account, AccountedEvent
from functions.audit.log.log_chunk import Chunk
from functions.audit.log.metering_account import (
    CALL_BYTES,
    FAILED,
    MOST_FAILURES,
    TOO_LARGE,
    AccountFailed,
    AccountNotUnderstood,
    MeteringAccount,
)
from functions.audit.window import AuditWindow
from functions.metering.audit_question import AuditQuestion, audit_of
from functions.metering.configuration.document_reading import default_configuration
from tests.fakes.log_group import refused
from tests.fakes.told import AskedMetering

WINDOW = AuditWindow("one", 1_000, 2_000)


def packed(account: object) -> dict[str, object]:
    return {"account": b64encode(zlib.compress(json.dumps(account).encode())).decode()}


@dataclass
class Metering:
    """Lambda's invoke, and a metering that bills each request id once and tells of it by the
    contract; `fits` says whether so many lines do.
    """

    fits: Callable[[int], bool] = lambda _: True
    too_large: Callable[[], Any] = lambda: {"tooLarge": "ask with fewer lines"}
    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, **asked: Any) -> dict[str, Any]:
        payload = json.loads(asked["Payload"])
        delivery = json.loads(zlib.decompress(b64decode(payload["awslogs"]["data"]), 31))
        self.asked.append({"function": asked["FunctionName"], **payload, "delivery": delivery})
        said = self.answer(delivery) if self.fits(len(delivery["logEvents"])) else self.too_large()
        if isinstance(said, Exception):
            raise said
        failed = {"FunctionError": "Unhandled"} if "errorType" in said else {}
        return {"Payload": io.BytesIO(json.dumps(said).encode()), **failed}

    def answer(self, delivery: dict[str, Any]) -> Any:
        requests: dict[str, list[int]] = {}
        for number, one in enumerate(delivery["logEvents"]):
            requests.setdefault(one["message"].partition(")")[0][1:], []).append(number)
        billed, refused, unended = [], [], []
        excluded: Counter[str] = Counter()
        for name, places in requests.items():
            match name[:1]:
                case "q":
                    refused.append(["no_status", places])
                case "u":
                    unended.append(places)
                case "x":
                    excluded[name] += 1
                case _:
                    billed.append([name, places, [[f"k-{name}", "api_calls", 1, "2026"]]])
        account = {"billed": billed, "excluded": {"options": excluded}, "quarantined": refused}
        return packed({**account, "quarantinedWhole": "", "unended": unended})


def ask(metering: Any, chunk: Chunk) -> Account:
    account = MeteringAccount(cast("Any", metering), "arn:metering", "123456789012")
    return account.account("group", chunk, WINDOW)


def chunk_of(*names: str) -> Chunk:
    lines = [
        {"id": f"{number:056}", "timestamp": 1_000 + number, "message": f"({name}) line {number}"}
        for number, name in enumerate(names)
    ]
    return Chunk("stream", tuple(lines), kind="execution")


def test_a_request_is_told_with_its_lines() -> None:
    """As metering's own delivery of them would be read."""
    metering = Metering()
    chunk = chunk_of("a", "q1", "a", "x1", "u1")
    found = ask(metering, chunk)
    (billed,) = found.billed
    assert billed.customer == "a"
    assert billed.events == (AccountedEvent("k-a", "api_calls", 1, "2026"),)
    assert found.lines_of(billed.indexes) == [chunk.lines[0], chunk.lines[2]]
    assert found.stream_of(billed.indexes) == found.stream_of(()) == "stream"
    (kept,) = found.quarantined
    assert (kept.reason, found.lines_of(kept.indexes)) == ("no_status", [chunk.lines[1]])
    assert found.excluded == {"options": {"x1": 1}}
    assert found.unended == ((4,),)
    (asked,) = metering.asked
    assert asked["audit"] == {"fromMs": 1_000, "toMs": 2_000}
    assert asked["replay"] == {}
    assert asked["delivery"] == {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "group",
        "logStream": "stream",
        "logEvents": list(chunk.lines),
    }


def test_a_metering_that_knows_no_audits_refuses_the_question() -> None:
    """A rollback brings it back under a count that is still there: as a delivery it would meter the
    lines, and keep them in the quarantine a second time.
    """
    metering = Metering()
    ask(metering, chunk_of("a"))
    (asked,) = metering.asked
    assert audit_of(asked) == AuditQuestion(fromMs=1_000, toMs=2_000)
    before_audits = AskedMetering(default_configuration())
    with pytest.raises(ValueError, match="Replay"):
        before_audits.take_payload(asked)
    assert before_audits.queue.bodies == []


def test_nothing_to_tell_is_an_empty_account() -> None:
    """All of the chunk is another window's."""
    metering = Metering(fits=lambda _: False, too_large=lambda: {"account": ""})
    found = ask(metering, chunk_of("a"))
    assert found == Account(chunk_of("a"))


NAMES = ["a", "b", "c", "q1", "q2", "x1", "x2", "u1", "u2"]
WAYS: list[Callable[[], Any]] = [
    lambda: {"tooLarge": "ask with fewer lines"},
    lambda: {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": "x"},
    lambda: packed({"quarantinedWhole": TOO_LARGE}),
    lambda: refused("RequestTooLargeException"),
]


@given(
    names=st.lists(
        st.sampled_from(["a", "b", "c", "q1", "q2", "x1", "x2", "u1", "u2"]),
        min_size=1,
        max_size=30,
    ),
    most=st.integers(1, 30),
    way=st.sampled_from(WAYS),
)
def test_what_is_too_large_is_asked_for_in_halves(
    names: list[str], most: int, way: Callable[[], Any]
) -> None:
    """The same requests with the same lines; only one that is too large alone is told as such."""
    chunk = chunk_of(*names)
    whole = ask(Metering(), chunk)
    found = ask(Metering(lambda lines: lines <= most, way), chunk)
    large = {name for name, times in Counter(names).items() if times > most}
    assert sorted(found.billed) == sorted(one for one in whole.billed if one.customer not in large)
    assert sorted(found.unended) == sorted(
        one for one in whole.unended if names[one[0]] not in large
    )
    expected = [one for one in whole.quarantined if names[one.indexes[0]] not in large]
    assert sorted(one for one in found.quarantined if one.reason != TOO_LARGE) == sorted(expected)
    assert {
        frozenset(names[at] for at in one.indexes)
        for one in found.quarantined
        if one.reason == TOO_LARGE
    } == {frozenset({name}) for name in large}
    told = Counter(found.excluded.get("options", {}))
    assert told == Counter({name for name in names if name.startswith("x") and name not in large})


def test_a_request_that_lambda_would_refuse_is_not_sent() -> None:
    """It is halved first: text that does not compress."""
    letters = [chr(at) for at in range(0x4E00, 0x9FFF)]
    noise = "".join(Random(0).choices(letters, k=CALL_BYTES // 6))
    lines = [{"id": "", "timestamp": 1_000, "message": f"({name}) {noise}"} for name in "ab"]
    metering = Metering()
    found = ask(metering, Chunk("stream", tuple(lines), kind="execution"))
    assert [one.indexes for one in found.billed] == [(0,), (1,)]
    assert all(len(json.dumps(one["awslogs"])) < CALL_BYTES for one in metering.asked)


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        "text",
        {"billed": 1, "excluded": {}},
        {"account": 3},
        {"account": "no base64"},
        {"account": b64encode(b"no zlib").decode()},
        packed([]),
        packed({"billed": [["a", [0], []]], "surprise": 1}),
        packed({"billed": [["a", [1], []]]}),
        packed({"quarantined": [["r", [-1]]]}),
        packed({"unended": [[7]]}),
    ],
)
def test_another_answer_is_not_believed(said: Any) -> None:
    """An older metering, or one that tells of lines that it was not given."""
    with pytest.raises(AccountNotUnderstood):
        ask(Metering(fits=lambda _: False, too_large=lambda: said), chunk_of("a"))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"errorType": "Sandbox.Timedout", "errorMessage": "of cus_1"}, "Sandbox.Timedout"),
        ({"errorType": None}, "None"),
    ],
)
def test_a_metering_that_fails_is_asked_again_later(said: Any, told: str) -> None:
    """Its message may quote a line: the type alone is told."""
    with pytest.raises(AccountFailed, match=f"^{told}$"):
        ask(Metering(fits=lambda _: False, too_large=lambda: said), chunk_of("a"))


@given(
    names=st.lists(st.integers(0, 40).map(str), min_size=1, max_size=200),
    poison=st.sets(st.integers(0, 40).map(str), max_size=3),
)
def test_a_request_at_which_metering_fails_keeps_no_other_from_being_told(
    names: list[str], poison: set[str]
) -> None:
    """It is told as refused, with its lines; whether anybody keeps them, others know."""
    chunk = chunk_of(*names)
    found = ask(Poisoned(poison), chunk)
    left = [one for one in ask(Metering(), chunk).billed if one.customer not in poison]
    assert sorted(found.billed) == sorted(left)
    refused_ones = {frozenset(names[at] for at in one.indexes) for one in found.quarantined}
    assert refused_ones == {frozenset({name}) for name in poison & set(names)}
    assert {one.reason for one in found.quarantined} <= {FAILED}


def test_a_metering_that_fails_at_everything_is_asked_few_times() -> None:
    """Nobody can tell a line that breaks it from a bug that breaks all."""
    metering = Poisoned({str(name) for name in range(1_000)})
    with pytest.raises(AccountFailed, match="KeyError"):
        ask(metering, chunk_of(*map(str, range(1_000))))
    assert len(metering.asked) <= 2 * MOST_FAILURES


class Poisoned(Metering):
    """A metering with a bug: it fails at some requests."""

    def __init__(self, poison: set[str]) -> None:
        super().__init__()
        self.poison = poison

    def answer(self, delivery: dict[str, Any]) -> Any:
        names = {one["message"].partition(")")[0][1:] for one in delivery["logEvents"]}
        return {"errorType": "KeyError"} if names & self.poison else super().answer(delivery)


def test_a_request_that_no_call_takes_is_told_by_its_own_window() -> None:
    """Of an execution log the windows before and after read its lines as well."""
    too_large = Metering(fits=lambda _: False)
    lines = [{"id": "", "timestamp": at_ms, "message": "(a) line"} for at_ms in (999, 1_500)]
    assert ask(too_large, Chunk("stream", tuple(lines), kind="execution")).quarantined == ()


def test_errors_of_the_call_raise_as_they_are() -> None:
    """A metering that may not be invoked is no failed one."""
    with pytest.raises(ClientError):
        ask(Metering(lambda _: False, lambda: refused("AccessDeniedException")), chunk_of("a"))


def test_a_chunk_that_cannot_be_read_says_why() -> None:
    """Of the whole; of a part where it was asked for in parts."""
    broken = packed({"quarantinedWhole": "bad_json"})
    assert ask(Metering(lambda _: False, lambda: broken), chunk_of("a")).quarantined_whole
    turns = iter([{"tooLarge": ""}, broken, broken])
    found = ask(Metering(lambda _: False, lambda: next(turns)), chunk_of("a", "b"))
    assert [(one.reason, one.indexes) for one in found.quarantined] == [
        ("bad_json", (0,)),
        ("bad_json", (1,)),
    ]
