"""From the events of all messages to as few posts as the limits allow."""

import json

from hypothesis import given
from hypothesis import strategies as st

from functions.forwarder.packing import body_of, distinct, pack
from tests.fakes.forwarding import keyed_events, usage_event


@given(
    count=st.integers(0, 300), most_events=st.integers(1, 100), most_bytes=st.integers(1, 100_000)
)
def test_posts_keep_the_limits_and_every_event(
    count: int, most_events: int, most_bytes: int
) -> None:
    """No post is over a limit unless it is one event; every event is in one post, in order."""
    given_parcels = keyed_events(count)
    posts = list(pack(given_parcels, most_events=most_events, most_bytes=most_bytes))
    assert [keyed for post in posts for keyed in post] == given_parcels
    for post in posts:
        assert 1 <= len(post) <= most_events
        assert len(post) == 1 or len(body_of(post)) <= most_bytes


def test_posts_are_full() -> None:
    """250 events of small messages are three posts, not 250."""
    sizes = [len(p) for p in pack(keyed_events(250), most_events=100, most_bytes=1_048_576)]
    assert sizes == [100, 100, 50]


def test_the_body_is_the_contract_s() -> None:
    """`{"events": [...]}` with the events as metering wrote them."""
    assert json.loads(body_of(keyed_events(3))) == {"events": [usage_event(n) for n in range(3)]}


def test_a_key_is_posted_once() -> None:
    """The same event in two messages is one event."""
    found = distinct([usage_event(1), usage_event(2), usage_event(1)])
    assert [p.event for p in found.keyed_events.values()] == [usage_event(1), usage_event(2)]
    assert found.conflicts == set()


def test_a_key_with_other_content_is_noted_and_the_first_wins() -> None:
    """As at Aforo: the first wins; that it happened is a fault of whoever wrote the second."""
    first, second = usage_event(1, customer="cus_1"), usage_event(1, customer="cus_2")
    found = distinct([first, second])
    assert [p.event for p in found.keyed_events.values()] == [first]
    assert found.conflicts == {first["idempotencyKey"]}
