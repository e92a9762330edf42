"""Every promise over the kept corpus and over made-up inputs, without atheris; and that what looks
for a loss finds one: a check that cannot fail holds nothing.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.access_log_lines import LOG_GROUP, access_line, log_events
from tests.fuzz.all_targets import TARGETS
from tests.fuzz.delivery_promises import is_understood, nothing_is_lost
from tests.fuzz.fuzzed_metering import FOREIGN, configuration, meter
from tests.fuzz.json_mutation import mutated
from tests.fuzz.kept_corpus import MOST_BYTES, MOST_INPUTS, kept_inputs
from tests.fuzz.target import Finding, Target
from tests.fuzz.targets import client_text

EACH = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)


@EACH
def test_every_promise_holds_for_what_is_kept(target: Target) -> None:
    """The seeds, and what fuzzing found to take another branch."""
    for data in (*target.seeds(), *kept_inputs(target.name)):
        target.check(data)


@EACH
def test_what_is_kept_is_small(target: Target) -> None:
    """So that it stays a part of every run of the tests."""
    kept = kept_inputs(target.name)
    assert 0 < len(kept) <= MOST_INPUTS
    assert max(map(len, kept)) <= MOST_BYTES
    assert len(set(kept)) == len(kept)


@EACH
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_every_promise_holds_for_what_is_made_up(target: Target, data: st.DataObject) -> None:
    """Good inputs, changed where JSON can be changed; and choices with any text behind them."""
    seed = data.draw(st.sampled_from(list(target.seeds())))
    draw = data.draw(st.randoms(use_true_random=False))
    target.check(mutated(seed, target.words, draw) or seed)
    choices = data.draw(st.text("0123456789", max_size=3))
    parts = st.lists(st.sampled_from(target.words) | st.text(max_size=8), max_size=12)
    target.check(f"{choices}\n{''.join(data.draw(parts))}".encode("utf-8", "replace"))


def test_what_a_delivery_loses_is_a_finding() -> None:
    """An event that is not sent, a line that is not kept, a message that nobody can read."""
    whole = meter(log_events([access_line(), "{}"]), LOG_GROUP, configuration())
    nothing_is_lost(whole)
    is_understood(whole)
    for loss in (whole._replace(bodies=[]), whole._replace(objects={})):
        with pytest.raises(Finding):
            nothing_is_lost(loss)
    with pytest.raises(Finding):
        is_understood(whole._replace(bodies=["{}"]))


def test_honest_requests_are_billed() -> None:
    """Of lines that bill nobody, no text of a client could change the bill: those are of the group
    that nobody declared, and of formats whose owner put such texts before keys of ours.
    """
    billed = []
    for number, (group, lines) in enumerate(client_text.FORMS):
        events = client_text.events_with(lines, *client_text.HONEST, is_escaped=True)
        bills = bool(meter(events, group, configuration()).events)
        assert not bills or group != FOREIGN
        billed += [number] * bills
    assert billed == [0, 2, 3, 4, 5, 8]
