"""Sending to SQS: calls within its limits, and only what failed is sent again."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.message_queue import SENDS, MessageQueue
from functions.usage.errors import Permanent, Retryable
from tests.fakes.sqs import FakeSqs

SIZES = st.lists(st.integers(1, 1_048_576) | st.integers(1, 100), max_size=25)


def queue(fake: FakeSqs) -> MessageQueue:
    return MessageQueue(fake, "https://sqs/usage")  # type: ignore[arg-type]


@given(SIZES)
def test_no_call_is_over_a_limit_and_none_is_wasted(sizes: list[int]) -> None:
    """Whatever the sizes: in order, at most 10 entries and 1 MiB, and as full as they can be."""
    fake = FakeSqs()  # refuses a call that is over a limit
    bodies = ["x" * size for size in sizes]
    assert queue(fake).send(iter(bodies)) == len(bodies)
    assert [body for call in fake.calls for body in call] == bodies
    for call, following in pairwise(fake.calls):
        assert len(call) == 10 or sum(map(len, [*call, following[0]])) > 1_048_576


@given(st.data())
def test_each_body_arrives_once_whichever_entries_fail_for_a_while(data: st.DataObject) -> None:
    """A failed entry is sent again with the others that failed, never with one that arrived."""
    bodies = [f"body {number}" for number in range(10)]
    failures = {body: data.draw(st.integers(0, SENDS - 1)) for body in bodies}
    fake = FakeSqs(fails=lambda body, call: call <= failures[body])
    queue(fake).send(bodies)
    assert Counter(fake.bodies) == Counter(bodies)
    for number, call in enumerate(fake.calls):
        assert call == [body for body in bodies if failures[body] >= number]


def test_it_gives_up_after_three_sends() -> None:
    """The whole is tried again by whoever called: the error names queue, count and SQS's reason."""
    fake = FakeSqs(fails=lambda body, _call: body in {"b", "c"})
    with pytest.raises(Retryable, match=r"refused 2 of 4 entries for https://sqs/usage: Invalid"):
        queue(fake).send(["a", "b", "c", "d"])
    assert fake.calls == [["a", "b", "c", "d"], ["b", "c"], ["b", "c"]]
    assert fake.bodies == ["a", "d"]


def test_an_entry_that_fails_is_no_success_when_the_rest_is() -> None:
    """A 200 is believed entry by entry."""
    fake = FakeSqs(fails=lambda _body, call: call == 1)
    assert queue(fake).send(["a", "b"]) == 2
    assert fake.calls == [["a", "b"], ["a", "b"]]


def test_a_body_counts_by_its_bytes_and_one_over_the_limit_is_no_matter_of_time() -> None:
    """SQS counts bytes, of which a letter may have three; what it will never take is Permanent."""
    fake = FakeSqs()
    bodies = ["\u20ac" * 200_000, "\u20ac" * 200_000]
    assert queue(fake).send(bodies) == 2
    assert [len(call) for call in fake.calls] == [1, 1]
    with pytest.raises(Permanent, match="1048577 bytes"):
        queue(fake).send(["x" * 1_048_577])
    with pytest.raises(Permanent):
        queue(fake).send(["\u20ac" * 349_526])
