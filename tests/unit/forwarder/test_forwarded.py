"""What a message is after a try, by the outcomes of its events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.forwarder.forwarded import Forwarded, Stamp
from functions.usage.outcome import Confirmed, ForwardingOutcome, Held, SetAside, SetAsideClass
from tests.fakes.forwarding import NOW_MS, received, usage_event, usage_message

TAKEN = Confirmed()
BAD = SetAside(SetAsideClass.POISON, "invalid_event", 400)
WAITS = Held("rate_limited", 3)
DOUBTFUL = Held("no_answer", 0, ambiguous=True)
REFUSED = Held("refused_once", 310, refusal=BAD)


def forwarded(*outcomes: ForwardingOutcome, receives: int = 1) -> Forwarded:
    message = usage_message(usage_event(number) for number in range(len(outcomes)))
    return Forwarded(received(message, receives=receives, message_id="a"), outcomes)


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ((TAKEN, TAKEN), {"is_finished", "is_begun", "is_certain"}),
        ((BAD,), {"is_finished", "is_certain"}),
        ((TAKEN, BAD), {"is_finished", "is_begun", "is_certain"}),
        ((WAITS, WAITS), {"is_certain"}),
        ((TAKEN, WAITS), {"is_begun", "is_certain"}),
        ((TAKEN, WAITS, DOUBTFUL), set()),
        ((DOUBTFUL,), set()),
        ((DOUBTFUL, WAITS), set()),
        ((REFUSED,), {"is_asked_again", "is_certain"}),
        ((REFUSED, BAD), {"is_asked_again", "is_certain"}),
        ((TAKEN, REFUSED), {"is_asked_again", "is_begun", "is_certain"}),
        ((WAITS, REFUSED), {"is_certain"}),
        ((REFUSED, DOUBTFUL), set()),
    ],
)
@pytest.mark.parametrize("receives", [1, 2])
def test_what_is_said_of_a_message(
    outcomes: tuple[ForwardingOutcome, ...], words: set[str], receives: int
) -> None:
    """One that was received before is never certain; its other words are those of this try."""
    one = forwarded(*outcomes, receives=receives)
    every = ("is_finished", "is_asked_again", "is_begun", "is_certain")
    said = {word for word in every if getattr(one, word)}
    assert said == (words if receives == 1 else words - {"is_certain"})
    assert one.held == [each for each in outcomes if isinstance(each, Held)]
    assert one.is_confirmed is all(isinstance(each, Confirmed) for each in outcomes)
    assert one.message_id == "a"


@given(st.lists(st.sampled_from([TAKEN, BAD, WAITS, DOUBTFUL, REFUSED]), min_size=1, max_size=6))
def test_each_event_is_settled_by_its_own_outcome_and_in_order(
    outcomes: list[ForwardingOutcome],
) -> None:
    """What is confirmed always; what is set aside only where its message does not come back whole:
    it would be set aside again.
    """
    one = forwarded(*outcomes)
    is_whole = all(not isinstance(each, Held) or each is REFUSED for each in outcomes)
    settling = {TAKEN, BAD} if is_whole else {TAKEN}
    events = zip(map(usage_event, range(len(outcomes))), outcomes, strict=True)
    settled = [(event, why) for event, why in events if why in settling]
    assert list(one.settled()) == settled
    assert one.set_aside() == [(event, why) for event, why in settled if why is BAD]


def test_outcomes_of_another_message_are_not_taken_for_its_own() -> None:
    """One more or less of them is a fault of ours: nothing of it is made durable."""
    one = Forwarded(received(usage_message([usage_event(0)])), [TAKEN, TAKEN])
    with pytest.raises(ValueError, match="zip"):
        list(one.settled())


def test_a_writer_sorts_by_time_and_is_one_invocation() -> None:
    """No sign in it but those of a file's name."""
    stamp = Stamp(NOW_MS + 7, "request-1")
    assert stamp.settled_at == "2026-11-23T12:00:00.007Z"
    assert stamp.writer == "20261123T120000007Z-request-1"
