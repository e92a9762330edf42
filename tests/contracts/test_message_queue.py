"""What a sender may rely on, of the fake that unit tests use and of a real queue alike."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple
from uuid import uuid4

import boto3
import pytest

from functions.adapters.message_queue import BYTES_PER_CALL, ENTRIES_PER_CALL, MessageQueue
from functions.usage.errors import Permanent, Retryable
from tests.fakes.queue_contents import take_all
from tests.fakes.sqs import FakeSqs

NOT_ALLOWED = "a character that SQS refuses: \x01"


class Place(NamedTuple):
    """A queue, and what has arrived on it since the last look."""

    queue: MessageQueue
    arrived: Callable[[], Counter[str]]


def _fake() -> Place:
    fake = FakeSqs()
    return Place(MessageQueue(fake, "fake"), lambda: Counter(fake.bodies))  # type: ignore[arg-type]


def _real() -> Place:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=f"contract-{uuid4()}")["QueueUrl"]
    return Place(MessageQueue(sqs, url), lambda: Counter(take_all(sqs, url)))


@pytest.fixture(params=["fake", "real"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "fake":
        return _fake()
    request.getfixturevalue("on_ministack")
    return _real()


def test_every_body_arrives_once(place: Place) -> None:
    """More than two calls' worth, of any text that JSON may hold; the number is told."""
    bodies = [f'{{"n":{n},"text":"\\u00e9\\u0001 é \U0001f680"}}' for n in range(25)]
    assert place.queue.send(bodies) == 25
    assert place.arrived() == Counter(bodies)


def test_equal_bodies_are_messages_of_their_own(place: Place) -> None:
    """A queue is no set."""
    assert place.queue.send(["same"] * 12) == 12
    assert place.arrived() == Counter({"same": 12})


def test_nothing_to_send_is_no_call(place: Place) -> None:
    """SQS refuses an empty batch."""
    assert place.queue.send([]) == 0
    assert place.arrived() == Counter()


def test_bodies_of_one_mebibyte_together_go_in_one_call(place: Place) -> None:
    """The limit itself is allowed; in bytes, not in characters."""
    half = "é" * (BYTES_PER_CALL // 4)
    assert place.queue.send([half, half, "x"]) == 3
    assert place.arrived() == Counter({half: 2, "x": 1})


def test_a_body_as_large_as_sqs_takes_it_goes_alone(place: Place) -> None:
    """Whatever stands before and after it."""
    whole = "x" * BYTES_PER_CALL
    assert place.queue.send(["a", whole, "b"]) == 3
    assert place.arrived() == Counter({"a": 1, whole: 1, "b": 1})


def test_a_body_over_the_limit_is_permanent(place: Place) -> None:
    """No try will cure it. It says how large it was, and never what it held."""
    too_large = "é" * (BYTES_PER_CALL // 2) + "x"
    with pytest.raises(Permanent, match=f"{BYTES_PER_CALL + 1} bytes") as raised:
        place.queue.send([too_large])
    assert "é" not in str(raised.value)
    assert place.arrived() == Counter()


def test_an_entry_that_always_fails_is_an_error_and_its_neighbours_arrive_once(
    place: Place,
) -> None:
    """Only what failed is sent again: the others do not come three times."""
    with pytest.raises(Retryable, match=r"refused 1 of 3 entries .*InvalidMessageContents"):
        place.queue.send(["a", NOT_ALLOWED, "b"])
    assert place.arrived() == Counter(["a", "b"])


def test_what_comes_after_a_failed_call_is_not_sent(place: Place) -> None:
    """The caller tries all of it again; the less is sent twice then."""
    bodies = [NOT_ALLOWED, *(f"body {number}" for number in range(ENTRIES_PER_CALL))]
    with pytest.raises(Retryable):
        place.queue.send(bodies)
    assert f"body {ENTRIES_PER_CALL - 1}" not in place.arrived()
