"""Calls of metering: what they hold, and what an answer means."""

import io
import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from gzip import decompress
from random import Random
from typing import Any, NamedTuple, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.repair.metering_again import (
    MOST_LINES,
    MOST_TEXT_BYTES,
    LinesTooLarge,
    MeteringAgain,
    NotMetered,
    SentLines,
    calls_for,
)

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:metering"
ANSWER = {"billed": 1, "excluded": {}, "quarantined": {"tamper": 2}, "usage": "", "kept": []}


class SomeRequest(NamedTuple):
    """Missing."""

    log_stream: str
    lines: Sequence[dict[str, Any]]
    customer: str = "cus_a"
    events: Sequence[tuple[str, str, int | float, str]] = ()
    reason: str = ""


def request(stream: str, *moments: int, size: int = 10) -> SomeRequest:
    return SomeRequest(
        stream,
        [{"id": f"{stream}{at}", "timestamp": at, "message": "x" * size} for at in moments],
    )


@dataclass
class ScriptedLambda:
    """Answers in turn, or raises; the last for ever."""

    answers: Sequence[object]
    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, **call: Any) -> dict[str, Any]:
        assert call["FunctionName"] == ARN
        self.asked.append(json.loads(call["Payload"]))
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        failed = isinstance(answer, str)
        body = json.dumps({"errorType": answer} if failed else answer).encode()
        return {"Payload": io.BytesIO(body), **({"FunctionError": "Unhandled"} if failed else {})}


def metering(*answers: object) -> tuple[MeteringAgain, ScriptedLambda, list[float]]:
    client, slept = ScriptedLambda(answers), list[float]()
    again = MeteringAgain(cast("Any", client), ARN, "run-1", is_decided=False, sleep=slept.append)
    return again, client, slept


def busy(code: str = "TooManyRequestsException") -> ClientError:
    return ClientError({"Error": {"Code": code}}, "Invoke")


def test_a_call_asks_as_a_replay_does_with_the_lines_in_the_logs_order() -> None:
    """As CloudWatch would deliver them: account, log group, stream, lines."""
    again, client, _ = metering(ANSWER)
    sent = SentLines("s", [request("s", 1, 4), request("s", 2, 3)])
    answer = again.take(again.payload("/aws/orders", sent))
    assert (answer.billed, answer.quarantined) == (1, {"tamper": 2})
    (asked,) = client.asked
    said = {"id": "run-1", "dryRun": False, "fromLog": True}
    assert asked["replay"] == {**said, "maybeBilled": True}
    decided = replace(again, is_decided=True).payload("/aws/orders", sent)
    assert json.loads(decided)["replay"] == {**said, "maybeBilled": False}
    delivered = json.loads(decompress(b64decode(asked["awslogs"]["data"])))
    assert (delivered["owner"], delivered["logGroup"]) == ("123456789012", "/aws/orders")
    assert delivered["logStream"] == "s"
    assert [line["timestamp"] for line in delivered["logEvents"]] == [1, 2, 3, 4]


def test_a_throttled_call_waits_and_is_made_again() -> None:
    """It was certainly not run. Half a minute of that is a failure."""
    again, client, slept = metering(busy(), busy("EC2ThrottledException"), ANSWER)
    again.take(b"{}")
    assert (len(client.asked), slept) == (3, [1, 2])
    again, client, slept = metering(busy())
    with pytest.raises(NotMetered, match="TooManyRequestsException"):
        again.take(b"{}")
    assert sum(slept) == 30


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("KeyError", "KeyError"),
        (ReadTimeoutError(endpoint_url="x"), "no answer in time"),
    ],
)
def test_what_is_not_known_to_be_metered_is_not_made_again(answer: object, words: str) -> None:
    """Once is all that an audit may."""
    again, client, slept = metering(answer)
    with pytest.raises(NotMetered, match=words):
        again.take(b"{}")
    assert (len(client.asked), slept) == (1, [])


def test_another_error_of_the_call_is_as_it_is() -> None:
    """A right that is missing is no question of these lines."""
    again, _, _ = metering(busy("AccessDeniedException"))
    with pytest.raises(ClientError):
        again.take(b"{}")


def test_whether_metering_works_is_asked_with_nothing() -> None:
    """Then it was the lines."""
    assert metering(ANSWER)[0].works()
    assert not metering("KeyError")[0].works()


def test_a_call_that_lambda_would_not_take_is_not_made() -> None:
    """One request alone may be so large: 5 MB that nothing packs."""
    lines = request("s", 1).lines
    lines[0]["message"] = Random(1).randbytes(5_000_000).hex()
    with pytest.raises(LinesTooLarge):
        metering(ANSWER)[0].payload("/aws/orders", SentLines("s", [SomeRequest("s", lines)]))


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.integers(1, 3), st.sampled_from([1, 1_000_000, 4_000_000])
        ),
        max_size=12,
    )
)
def test_each_request_is_in_one_call_of_its_own_stream(
    drawn: list[tuple[str, int, int]],
) -> None:
    """And no call is larger than it may, unless one request is."""
    requests = [
        request(stream, *range(index, index + lines), size=size // lines)
        for index, (stream, lines, size) in enumerate(drawn)
    ]
    calls = list(calls_for(requests))
    told = [one for call in calls for one in call.requests]
    assert sorted(map(id, told)) == sorted(map(id, requests))
    for call in calls:
        assert {one.log_stream for one in call.requests} == {call.log_stream}
        size = sum(len(line["message"]) for line in call.lines)
        assert len(call.requests) == 1 or size <= MOST_TEXT_BYTES
        assert len(call.lines) <= MOST_LINES


def test_a_call_has_no_more_lines_than_metering_takes_quickly() -> None:
    """Half of a full delivery."""
    calls = list(calls_for([request("s", at) for at in range(MOST_LINES + 1)]))
    assert [len(call.lines) for call in calls] == [MOST_LINES, 1]
