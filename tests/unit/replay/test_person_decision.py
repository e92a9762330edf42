"""What is ambiguous is sent only where somebody who may decide has decided just that."""

import json
from datetime import timedelta
from typing import Any

import pytest

from functions.replay.decision_name import decision_key
from functions.replay.order import Order
from functions.replay.person_decision import PutDecision, undecided
from tests.unit.replay.played_replay import BEGAN

CHOSEN: dict[str, Any] = {"filter": {"class": ["ambiguous"], "customerId": "cus_acme"}}
ORDER = {**CHOSEN, "sendAmbiguous": True}


def problem(order: dict[str, Any], decision: object, *, age: timedelta = timedelta()) -> str:
    """Of a replay called `mine`, beside what stands under the name of one."""
    body = decision if isinstance(decision, bytes) else json.dumps(decision).encode()
    stands = {decision_key("mine"): PutDecision(body, BEGAN - age)} if decision else {}
    return undecided(Order.model_validate(order), "mine", BEGAN, stands.get)


@pytest.mark.parametrize("order", [{}, CHOSEN, {**ORDER, "dryRun": True}])
def test_what_nobody_has_to_decide_goes_on(order: dict[str, Any]) -> None:
    """A plain replay, and a dry one."""
    assert problem(order, None) == ""


@pytest.mark.parametrize(
    "decision",
    [
        ORDER,
        {**ORDER, "source": "usage"},
        {**ORDER, "Comment": "ticket 4711"},
        {**ORDER, "quiet": False},
    ],
)
def test_a_decision_of_the_same_input_is_enough(decision: dict[str, Any]) -> None:
    """Whatever way it is written, and whatever it says to a reader."""
    assert problem(ORDER, decision) == ""


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (None, "decisions/mine.json of the ledger's bucket is not there"),
        (CHOSEN, "decides something else"),
        ({**ORDER, "filter": {"class": ["ambiguous"]}}, "decides something else"),
        ({**ORDER, "filter": {"customerId": "cus_acme"}}, "decides something else"),
        ({**ORDER, "maxMessages": 1}, "decides something else"),
        (b"not json", "decides something else"),
        (b"[]", "decides something else"),
        (b'{"sendAmbiguous": false, ' + json.dumps(ORDER).encode()[1:], "decides something else"),
    ],
)
def test_any_other_decision_is_none(decision: object, said: str) -> None:
    """Nobody decided to send what this replay would send."""
    assert said in problem(ORDER, decision)


def test_a_decision_is_good_for_a_day() -> None:
    """Its name may be used again after 90, for other events."""
    assert problem(ORDER, ORDER, age=timedelta(hours=23)) == ""
    assert "older than a day" in problem(ORDER, ORDER, age=timedelta(hours=25))
