"""Which of the running replays turns another away."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.replay.order import Order
from functions.replay.other_replays import OtherReplays

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Executions:
    """Step Functions: running executions as (name, second at which it began, input)."""

    running: list[tuple[str, float, Any]]
    described: list[str] = field(default_factory=list)

    def list_executions(self, **asked: Any) -> Any:
        assert asked == {"stateMachineArn": "machine", "statusFilter": "RUNNING", "maxResults": 100}
        return {
            "executions": [
                {"executionArn": name, "name": name, "startDate": BEGAN + timedelta(seconds=second)}
                for name, second, _ in self.running
            ]
        }

    def describe_execution(self, **asked: str) -> Any:
        name = asked["executionArn"]
        self.described.append(name)
        (found,) = [given for one, _, given in self.running if one == name]
        return {"name": name, "input": json.dumps(found)}


def in_the_way(executions: Executions, mine: str, **order: object) -> str:
    others = OtherReplays(cast("Any", executions), "machine")
    return others.first_in_the_way(Order.model_validate(order), others.older_than(mine))


@pytest.mark.parametrize(
    ("given", "order", "is_in_the_way"),
    [
        ({}, {}, True),
        ({"source": "usage"}, {}, True),
        ({}, {"source": "usage"}, True),
        ({"source": "quarantine"}, {"source": "quarantine"}, True),
        ({"source": "quarantine"}, {}, False),
        ({}, {"source": "counters"}, False),
        # What will be refused holds nobody up; what names no source is of the default.
        ({"source": "nowhere"}, {}, False),
        ({"source": None}, {}, False),
        ([3], {}, True),
        (None, {}, True),
        ("now", {"source": "counters"}, False),
        # A schedule's own next one waits for it, a person does not.
        ({"quiet": True}, {}, False),
        ({"quiet": True}, {"quiet": True}, True),
        ({}, {"quiet": True}, True),
        ({"quiet": "true"}, {}, True),
        ({"quiet": 1}, {}, True),
    ],
)
def test_an_older_one_is_in_the_way(
    given: object,
    order: dict[str, object],
    is_in_the_way: bool,  # noqa: FBT001
) -> None:
    """Of the same source, unless it is quiet and this one is not."""
    executions = Executions([("older", 0, given), ("mine", 1, {})])
    assert in_the_way(executions, "mine", **order) == ("older" if is_in_the_way else "")


@given(
    seconds=st.lists(st.integers(0, 3), min_size=1, max_size=6),
    shuffled=st.randoms(use_true_random=False),
)
def test_of_any_number_exactly_one_is_in_nobodys_way(seconds: list[int], shuffled: Any) -> None:
    """The oldest; of two that began in the same moment the name decides, for both alike."""
    running: list[tuple[str, float, Any]] = [
        (f"r{number}", second, {}) for number, second in enumerate(seconds)
    ]
    shuffled.shuffle(running)
    found = {name: in_the_way(Executions(running), name) for name, _, _ in running}
    (first,) = [name for name, other in found.items() if not other]
    assert set(found.values()) - {""} <= {first}
    assert first == min(running, key=lambda one: (one[1], one[0]))[0]


def test_a_listing_that_lags_has_older_ones_only() -> None:
    """All of them are before this one; and it says that it may have missed some."""
    executions = Executions([("younger", 9, {}), ("older", 0, {"source": "counters"})])
    older = OtherReplays(cast("Any", executions), "machine").older_than("mine")
    assert (older.is_listed, older.arns) == (False, ("older", "younger"))
    assert in_the_way(executions, "mine") == "younger"


def test_younger_ones_are_not_asked() -> None:
    """DescribeExecution is throttled: and no more than the first in the way."""
    running: list[tuple[str, float, Any]] = [
        ("younger", 9, {}),
        ("mine", 5, {}),
        ("first", 0, {}),
        ("second", 1, {}),
    ]
    executions = Executions(running)
    assert in_the_way(executions, "mine") == "first"
    assert executions.described == ["first"]


@pytest.mark.parametrize(
    ("source", "first"), [("usage", "replay-part-2"), ("quarantine", ""), ("counters", "")]
)
def test_a_replay_is_as_old_as_its_first_execution(source: str, first: str) -> None:
    """A part of a chain begins after a replay that began meanwhile: two of one source would run
    beside each other, and each would find that nothing is left for it.
    """
    part = {"continues": "replay", "source": "usage", "quiet": False}
    running: list[tuple[str, float, Any]] = [("mine", 5, {}), ("replay-part-2", 9, part)]
    assert in_the_way(Executions(running), "mine", source=source) == first


def test_a_name_alone_is_no_part_of_a_chain() -> None:
    """A person chose it; the younger one looks for this one, and stands back."""
    executions = Executions([("mine", 5, {}), ("mine-part-2", 9, {}), ("departed", 9, {})])
    assert in_the_way(executions, "mine") == ""
    assert executions.described == ["mine-part-2"]


@pytest.mark.parametrize("text", ["9" * 5000, f'{{"x": {"9" * 5000}}}', "[" * 100_000])
def test_an_input_that_nobody_can_read_stops_no_other_replay(text: str) -> None:
    """It is JSON, so that Step Functions took it; it holds up what the default source does."""

    class Unreadable(Executions):
        def describe_execution(self, **asked: str) -> Any:
            return {"name": asked["executionArn"], "input": text}

    running = Unreadable([("theirs", 0, None), ("mine", 1, None)])
    assert in_the_way(running, "mine") == "theirs"
    assert in_the_way(running, "mine", source="counters") == ""
