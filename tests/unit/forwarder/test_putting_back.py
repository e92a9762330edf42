"""Putting messages back, or out of sight: what SQS did not take is told apart, said in the log, and
nothing is raised.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from functions.adapters.message_queue import BYTES_PER_CALL
from functions.adapters.telemetry import NOT_PUT_BACK, VISIBILITY_UNCHANGED, Telemetry
from functions.forwarder.putting_back import Later, PuttingBack, Visibility
from tests.fakes.heard_log import HeardLog, heard_telemetry
from tests.fakes.sqs import FakeSqs

KMS = ClientError({"Error": {"Code": "KmsDisabled", "Message": "no"}}, "SendMessageBatch")
UNREACHED = EndpointConnectionError(endpoint_url="https://sqs.invalid")


class RefusingSqs:
    """Refuses every call."""

    def __init__(self, error: BotoCoreError | ClientError = KMS) -> None:
        self.error = error

    def send_message_batch(self, **_asked: Any) -> dict[str, Any]:
        raise self.error

    def change_message_visibility_batch(self, **_asked: Any) -> dict[str, Any]:
        raise self.error


@dataclass
class HearingSqs:
    """Keeps each call as it came, and answers that what `failed` names was not done."""

    failed: Mapping[str, str] = field(default_factory=dict)  # a code, by the id of an entry
    calls: list[dict[str, Any]] = field(default_factory=list)

    def send_message_batch(self, **asked: Any) -> dict[str, Any]:
        return self._answer(asked)

    def change_message_visibility_batch(self, **asked: Any) -> dict[str, Any]:
        return self._answer(asked)

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(asked)
        named = [entry["Id"] for entry in asked["Entries"]]
        done = [{"Id": one} for one in named if one not in self.failed]
        failed = [{"Id": one, "Code": self.failed[one]} for one in named if one in self.failed]
        # As SQS does: a list that is empty is not in the answer.
        return {
            name: entries for name, entries in (("Successful", done), ("Failed", failed)) if entries
        }


def putting_back(client: object) -> PuttingBack:
    return PuttingBack(client, "url", Telemetry("forwarder"))  # type: ignore[arg-type]


def put(client: object, given: Mapping[str, Later]) -> tuple[set[str], HeardLog]:
    telemetry, log = heard_telemetry()
    return PuttingBack(client, "url", telemetry).put_back(given), log  # type: ignore[arg-type]


def hidden(client: object, seconds_by_receipt: Mapping[str, int]) -> tuple[set[str], HeardLog]:
    telemetry, log = heard_telemetry()
    visibility = Visibility(client, "url", telemetry)  # type: ignore[arg-type]
    return visibility.hide(seconds_by_receipt), log


def letters(count: int, size: int = 10) -> dict[str, Later]:
    return {f"m{n}": Later(f"{n}:".ljust(size, "x"), n % 900) for n in range(count)}


def test_an_entry_that_fails_is_not_named() -> None:
    """Its message stays; it is not tried again here, the next try is soon enough."""
    sqs = FakeSqs(fails=lambda body, _call: body.startswith("3:"))
    given = letters(25)
    assert putting_back(sqs).put_back(given) == given.keys() - {"m3"}
    assert [len(call) for call in sqs.calls] == [10, 10, 5]


def test_a_call_that_is_refused_names_nobody() -> None:
    """KMS is away, say: all stay where they are."""
    assert putting_back(RefusingSqs()).put_back(letters(25)) == set()


def test_calls_stay_within_a_mebibyte() -> None:
    """Large messages, three to a call; one that no call takes is left out."""
    sqs = FakeSqs()
    given = letters(7, size=300_000) | {"large": Later("x" * 1_048_577, 0)}
    assert putting_back(sqs).put_back(given) == given.keys() - {"large"}
    assert [len(call) for call in sqs.calls] == [3, 3, 1]


@pytest.mark.parametrize("more", [0, 1])
def test_a_call_is_filled_up_to_the_mebibyte_and_not_by_a_byte_more(more: int) -> None:
    """One message of that size goes by itself; two of them together that are longer go apart."""
    sqs = FakeSqs()
    half = BYTES_PER_CALL // 2
    given = {"whole": Later("x" * BYTES_PER_CALL, 0)}
    given |= {"left": Later("x" * half, 0), "right": Later("x" * (half + more), 0)}
    assert putting_back(sqs).put_back(given) == given.keys()
    assert [len(call) for call in sqs.calls] == ([1, 1, 1] if more else [1, 2])


def test_sizes_are_counted_anew_for_each_call() -> None:
    """What went already takes no room from what follows."""
    sqs = FakeSqs()
    sizes = [600_000, 500_000, 500_000, 40_000, 40_000]
    given = {f"m{n}": Later("x" * size, 0) for n, size in enumerate(sizes)}
    assert putting_back(sqs).put_back(given) == given.keys()
    assert [len(call) for call in sqs.calls] == [1, 3, 1]


def test_what_no_call_takes_does_not_end_the_messages_behind_it() -> None:
    """They are put back, whatever stands before them."""
    sqs = FakeSqs()
    given = {"a": Later("a", 0), "large": Later("x" * (BYTES_PER_CALL + 1), 0), "b": Later("b", 0)}
    assert putting_back(sqs).put_back(given) == {"a", "b"}
    assert sqs.calls == [["a", "b"]]


def test_each_message_is_put_back_with_its_own_delay() -> None:
    """On the queue that it came from."""
    sqs = HearingSqs()
    found, log = put(sqs, {"a": Later("one", 5), "b": Later("two", 900)})
    assert found == {"a", "b"}
    entries = [
        {"Id": "0", "MessageBody": "one", "DelaySeconds": 5},
        {"Id": "1", "MessageBody": "two", "DelaySeconds": 900},
    ]
    assert sqs.calls == [{"QueueUrl": "url", "Entries": entries}]
    assert log.lines == []


def test_each_message_is_hidden_for_its_own_time_in_calls_of_ten() -> None:
    """By its receipt; SQS takes ten at a time."""
    sqs = HearingSqs()
    unchanged, log = hidden(sqs, {f"receipt {n}": n + 1 for n in range(21)})
    assert unchanged == set()
    assert [call["QueueUrl"] for call in sqs.calls] == ["url"] * 3
    entries = [call["Entries"] for call in sqs.calls]
    assert [[entry["Id"] for entry in some] for some in entries] == [
        [str(n) for n in range(10)],
        [str(n) for n in range(10)],
        ["0"],
    ]
    asked = [(one["ReceiptHandle"], one["VisibilityTimeout"]) for some in entries for one in some]
    assert asked == [(f"receipt {n}", n + 1) for n in range(21)]
    assert log.lines == []


FAILED = {"1": "InternalError", "2": "Throttled"}


def test_what_stays_visible_is_said_with_the_first_reason() -> None:
    """How many of a call, and why; the queue's own timeout holds for them, and they are named."""
    unchanged, log = hidden(HearingSqs(FAILED), {f"r{n}": 9 for n in range(15)})
    assert unchanged == {"r1", "r2", "r11", "r12"}
    assert len(log.lines) == 2
    unchanged, log = hidden(HearingSqs(FAILED), {f"r{n}": 9 for n in range(5)})
    assert unchanged == {"r1", "r2"}
    fields = {"messages": 2, "code": "InternalError"}
    assert log.lines == [("warning", VISIBILITY_UNCHANGED, fields)]


def test_what_is_not_put_back_is_said_with_the_first_reason() -> None:
    """How many of a call, and why; they stay the messages that they were."""
    found, log = put(HearingSqs(FAILED), letters(5))
    assert found == {"m0", "m3", "m4"}
    assert log.lines == [("warning", NOT_PUT_BACK, {"messages": 2, "code": "InternalError"})]


def test_a_call_of_which_nothing_was_taken_names_nobody() -> None:
    """SQS answers 200, and each entry failed."""
    found, log = put(HearingSqs({"0": "InternalError"}), letters(1))
    assert found == set()
    assert log.lines == [("warning", NOT_PUT_BACK, {"messages": 1, "code": "InternalError"})]


@pytest.mark.parametrize("error", [KMS, UNREACHED])
def test_a_call_that_fails_is_said_and_the_next_is_made(
    error: BotoCoreError | ClientError,
) -> None:
    """By either side: each call with its messages and the kind of its error."""
    sqs = RefusingSqs(error)
    fields = [{"messages": count, "code": type(error).__name__} for count in (10, 2)]
    unchanged, log = hidden(sqs, {f"r{n}": 9 for n in range(12)})
    assert unchanged == {f"r{n}" for n in range(12)}
    assert log.lines == [("warning", VISIBILITY_UNCHANGED, one) for one in fields]
    found, log = put(sqs, letters(12))
    assert found == set()
    assert log.lines == [("warning", NOT_PUT_BACK, one) for one in fields]
