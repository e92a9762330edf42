"""A person's word about the keys of an ambiguous message, and what is sent by it."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.forwarder.inbox import Received, read_inbox
from functions.operator.messages.aforo_word import Word, decide, word_of
from functions.usage.errors import Permanent
from functions.usage.message import to_body
from tests.fakes.set_aside_messages import event, message, record

EVENTS = [event(number) for number in range(4)]
KEYS = [one["idempotencyKey"] for one in EVENTS]
EARLIER = record("exhausted")
BODY = to_body({**message(EVENTS, record("ambiguous"), [EARLIER]), "replayId": "replay-1"})


def test_what_is_sent_is_what_the_runbook_made_by_hand() -> None:
    """Only what lacks, decided, with the history and the record that it had; no replay's id."""
    found = decide(BODY, Word(lacks=[KEYS[2], KEYS[0]]))
    assert json.loads(found.body or "") == {
        "version": 1,
        "meteredAt": message([])["meteredAt"],
        "decided": True,
        "history": [EARLIER, record("ambiguous")],
        "events": [EVENTS[0], EVENTS[2]],
    }
    assert (found.sent, found.billed) == ([KEYS[0], KEYS[2]], [KEYS[1], KEYS[3]])


def test_the_forwarder_reads_it_as_decided() -> None:
    """Up to the last try that the history tells of."""
    body = decide(BODY, Word(lacks=["all"])).body or ""
    attributes = {"SentTimestamp": "1", "ApproximateReceiveCount": "1"}
    asked = {"messageId": "m", "receiptHandle": "r", "body": body, "attributes": attributes}
    (received,) = read_inbox([asked])
    assert isinstance(received, Received)
    assert received.decided_until_ms is not None
    assert received.maybe_billed_since_ms is None


@pytest.mark.parametrize(
    ("has", "lacks", "sent"),
    [
        (["all"], [], []),
        ([], ["all"], [0, 1, 2, 3]),
        ([KEYS[1]], [], [0, 2, 3]),
        ([], [KEYS[1]], [1]),
        ([KEYS[0], KEYS[1]], [KEYS[2], KEYS[3]], [2, 3]),
    ],
)
def test_one_side_is_enough(has: list[str], lacks: list[str], sent: list[int]) -> None:
    """What is not named is of the other kind; both sides are for who wants to be sure."""
    found = decide(BODY, Word(has, lacks))
    assert found.sent == [KEYS[at] for at in sent]
    assert (found.body is None) is (not sent)


@given(st.sets(st.sampled_from(KEYS)), st.booleans())
def test_every_event_is_sent_or_billed_never_both(named: set[str], is_has: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever is named."""
    if not named:
        return
    found = decide(BODY, Word(has=sorted(named)) if is_has else Word(lacks=sorted(named)))
    assert sorted(found.sent + found.billed) == sorted(KEYS)
    assert set(found.billed if is_has else found.sent) == named


@pytest.mark.parametrize(
    ("has", "lacks", "text", "said"),
    [
        ([], [], None, "say which keys Aforo has"),
        (["all"], [], "k", "--send-lacking: give it, or"),
        ([], [], " \n", "--aforo-has all"),
    ],
)
def test_options_that_say_nothing_are_refused(
    has: Sequence[str], lacks: Sequence[str], text: str | None, said: str
) -> None:
    """An empty file would drop all of it: that has words of its own."""
    with pytest.raises(Permanent, match=said):
        word_of(has, lacks, text)


def test_a_file_names_what_is_lacking() -> None:
    """A key a line, whatever the blanks."""
    assert word_of([], [], f"{KEYS[0]}\r\n\n {KEYS[3]} \n") == Word(lacks=[KEYS[0], KEYS[3]])


@pytest.mark.parametrize(
    ("body", "word", "said"),
    [
        (BODY, Word(has=["apigw1-0"]), "--aforo-has: apigw1-0 is no key of this message"),
        (BODY, Word(lacks=["all", KEYS[0]]), "--aforo-lacks: all is no key"),
        (BODY, Word(KEYS[:2], KEYS[1:]), "is in both"),
        (BODY, Word(KEYS[:1], KEYS[1:3]), "say which it is of"),
        (to_body(message(EVENTS, record("poison"))), Word(has=["all"]), "its class is poison"),
        (to_body(message(EVENTS)), Word(has=["all"]), "its class is exhausted"),
        ("no JSON", Word(has=["all"]), "it is no usage message"),
    ],
)
def test_a_word_that_is_not_about_the_message_is_refused(body: str, word: Word, said: str) -> None:
    """A typing error would bill twice, or not at all."""
    with pytest.raises(Permanent, match=said):
        decide(body, word)
