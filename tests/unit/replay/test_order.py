"""The input of a replay, as a person types it into the console."""

import json

import pytest

from functions.replay.order import NotUnderstood, Order, read_order
from functions.usage.outcome import SetAsideClass


@pytest.mark.parametrize("found", [{}, {"Comment": "Insert your JSON here"}])
def test_the_default_is_everything_but_poison(found: object) -> None:
    """Also with the console's sample input: pressing start is a plain replay."""
    order = read_order(found)
    assert isinstance(order, Order)
    assert (order.source, order.dry_run, order.max_messages) == ("usage", False, None)
    assert set(order.filter.classes) == set(SetAsideClass) - {SetAsideClass.POISON}


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ([], "input: must be an object"),
        (None, "input: must be an object"),
        ("now", "input: must be an object"),
        ({"source": "dlq"}, "source: is none of usage, quarantine, counters"),
        (
            {"source": "quarantine", "filter": {"class": ["auth"]}},
            "input: filter.class means nothing for source quarantine: leave it out",
        ),
        ({"source": "quarantine", "filter": {"customerId": "cus_a"}}, "filter.customerId means"),
        (
            {"source": "quarantine", "filter": {"reason": ["No customer"]}},
            "filter.reason.0: must be",
        ),
        ({"source": "quarantine", "sendAmbiguous": True}, "sendAmbiguous means nothing"),
        ({"source": "counters", "eventsPerSecond": 3}, "eventsPerSecond means nothing"),
        ({"filter": {"reason": ["no_customer"]}}, "filter.reason means nothing for source usage"),
        (
            {"eventsPerSecond": 0.01},
            "eventsPerSecond: must be at least 0.1 (not ",
        ),
        (
            {"source": "quarantine", "eventsPerSecond": 0.9},
            "eventsPerSecond is at least 1 for source quarantine, whose objects hold up to 10,000",
        ),
        ({"sendAmbiguous": 1}, "sendAmbiguous: must be true or false, without quotes"),
        ({"dryRun": "yes"}, "dryRun: must be true or false"),
        ({"dryRun": None}, "input: dryRun is null: give a value, or leave it out"),
        ({"maxMessages": None}, "input: maxMessages is null"),
        ({"filter": {"customerId": None}}, "filter: customerId is null"),
        (
            {"filter": {"customerId": "x" * 257}},
            "filter.customerId: takes at",
        ),
        ({"filter": {"reason": ["x"] * 101}}, "filter.reason: takes at most 100"),
        ({"filter": {"class": ["config"] * 101}}, "filter.class: takes at most 100"),
        ({"Comment": "x" * 2001}, "Comment: takes at most 2000"),
        ({"sendAmbiguous": True}, "sendAmbiguous is your word that Aforo has nothing of what is"),
        ({"sendAmbiguous": True, "filter": {}}, "is chosen: choose it by a filter"),
        ({"maxMessages": 0}, "maxMessages: "),
        ({"maxMessages": 1.5}, "maxMessages: must be a whole number, without quotes"),
        ({"maxMessages": True}, "maxMessages: must be a whole number"),
        ({"eventsPerSecond": 0}, "eventsPerSecond: "),
        ({"eventsPerSecond": "3"}, "eventsPerSecond: must be a number, without quotes"),
        ({"maxMessage": 3}, "maxMessage: is not a field of a replay (source, dryRun, maxMessages"),
        ({"max_messages": 3}, "max_messages: is not a field"),
        ({"filter": None}, "input: filter is null"),
        ({"filter": "config"}, "filter: must be an object"),
        ({"filter": {"klass": []}}, "filter.klass: is not a field of a replay (class, customerId"),
        ({"filter": {"class": []}}, "filter.class: needs at least 1"),
        ({"filter": {"class": "config"}}, "filter.class: must be a list, in square brackets"),
        (
            {"filter": {"class": ["confg"]}},
            "filter.class.0: is none of poison, config, auth, future, late, ambiguous, exhausted",
        ),
        (
            {"filter": {"customerId": ""}},
            "filter.customerId: must not be empty: give a value, or leave it out",
        ),
        ({"filter": {"customerId": 7}}, "filter.customerId: must be text, in quotes"),
        ({"filter": {"olderThan": 1790000000}}, "filter.olderThan: give a time with its offset"),
        ({"filter": {"olderThan": "1790000000"}}, "filter.olderThan: give a time"),
        ({"filter": {"olderThan": "2026-10-02T08:00:00"}}, "filter.olderThan: give a time"),
        ({"filter": {"newerThan": "2026-13-02T08:00:00Z"}}, "filter.newerThan: give a time"),
        (
            {"filter": {"olderThan": "2026-10-01T00:00:00Z", "newerThan": "2026-10-02T00:00:00Z"}},
            "filter: nothing is older than olderThan and newer than newerThan",
        ),
        ({"dryRun": 1, "maxMessages": 0}, "; maxMessages: "),
        ({"\ud800": 1}, "input: holds half of a character, '\\ud800': write the whole character"),
        ({"\ud800": None}, "half of a character"),
        ({"source": "\udfff"}, "half of a character"),
        ({"filter": {"customerId": ["\udfff"]}}, "half of a character"),
    ],
)
def test_what_is_not_understood_is_named(found: object, problem: str) -> None:
    """Each field at fault, and what it takes; all of them at once."""
    order = read_order(found)
    assert isinstance(order, NotUnderstood)
    assert problem in order.problem


@pytest.mark.parametrize(
    "found",
    [
        {
            "source": "quarantine",
            "quiet": True,
            "filter": {"reason": ["incomplete", "delivery"], "newerThan": "2026-10-01T08:00:00Z"},
        },
        {"source": "counters", "maxMessages": 3, "dryRun": True},
        {
            "sendAmbiguous": True,
            "dryRun": True,
            "maxMessages": 10,
            "eventsPerSecond": 2,
            "filter": {
                "class": ["poison", "config"],
                "customerId": "cus_a",
                "olderThan": "2026-10-02T08:00:00+02:00",
                "newerThan": "2026-10-01T08:00:00Z",
            },
        },
    ],
)
def test_an_order_survives_the_way_through_the_state_machine(found: object) -> None:
    """The check hands it to the machine as JSON, and the machine to the mover."""
    order = read_order(found)
    assert isinstance(order, Order)
    as_json = json.dumps(order.model_dump(mode="json", by_alias=True, exclude_none=True))
    assert Order.model_validate(json.loads(as_json)) == order
