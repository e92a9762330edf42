"""A repair's name says of which window it is, and nobody starts it twice."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.counting.repair_start import RepairStart, execution_name
from functions.audit.window import AuditWindow
from tests.fakes.audited_log import START_MS, first_window

ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:audit"
SOURCES = st.text("ab-_./ é", min_size=1, max_size=3) | st.text("ab", min_size=50, max_size=90)


class StepFunctions:
    """Runs no name twice."""

    class exceptions:  # noqa: N801 - as boto3 has it
        class ExecutionAlreadyExists(Exception):  # noqa: N818 - as boto3 has it
            """The name is taken."""

    def __init__(self, **statuses: str) -> None:
        self.started: dict[str, Any] = {}
        self.statuses = statuses  # by number of repairs; else at work

    def describe_execution(self, **asked: str) -> dict[str, str]:
        machine, _, name = asked["executionArn"].rpartition(":")
        assert machine == "arn:aws:states:us-east-1:000000000000:execution:audit"
        assert name in self.started
        return {"status": self.statuses.get(f"after_{name[-1]}", "RUNNING")}

    def start_execution(self, **asked: str) -> None:
        assert asked["stateMachineArn"] == ARN
        if asked["name"] in self.started:
            raise self.exceptions.ExecutionAlreadyExists
        self.started[asked["name"]] = json.loads(asked["input"])


def test_a_repair_is_started_once() -> None:
    """Whoever asks again learns that it was; the next one has a name of its own."""
    client: Any = StepFunctions()
    repairs = RepairStart(client, ARN)
    assert repairs.start(first_window(), 0) == "shop-20261003T080000Z-0-0"
    assert repairs.start(first_window(), 0) == ""
    assert repairs.start(first_window(), 1) == "shop-20261003T080000Z-0-1"
    times = {"from": "2026-10-03T08:00:00.000Z", "to": "2026-10-03T08:05:00.000Z"}
    whole = {"windowSeconds": 300, "shard": 0, "shards": 1}
    assert list(client.started.values()) == 2 * [{"source": "shop"} | times | whole]


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "ABORTED"])
def test_what_is_at_work_or_a_person_stopped_is_not_started_again(status: str) -> None:
    """What has succeeded says itself how often the window was repaired."""
    client: Any = StepFunctions(after_0=status)
    repairs = RepairStart(client, ARN)
    repairs.start(first_window(), 0)
    assert repairs.start(first_window(), 0) == ""
    assert len(client.started) == 1


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT"])
def test_after_a_repair_that_failed_without_a_word_comes_the_next(status: str) -> None:
    """It could not say in the window's record that it was there; three times at most."""
    client: Any = StepFunctions(after_0=status, after_1=status, after_2=status)
    repairs = RepairStart(client, ARN)
    names = [repairs.start(first_window(), 0) for _ in range(4)]
    assert names == [*(execution_name(first_window(), number) for number in range(3)), ""]


def test_a_share_of_streams_is_repaired_alone() -> None:
    """Its neighbours' requests are not missing."""
    client: Any = StepFunctions()
    RepairStart(client, ARN).start(first_window()._replace(shard=2, shards=4), 0)
    (asked,) = client.started.values()
    assert (asked["shard"], asked["shards"]) == (2, 4)


def named(source: str, start: int, shard: int, repairs: int) -> str:
    from_ms = START_MS + start * 1_000
    return execution_name(AuditWindow(source, from_ms, from_ms + 1_000, shard, 8), repairs)


@given(
    st.lists(
        st.tuples(SOURCES, st.integers(0, 90_000), st.integers(0, 7), st.integers(0, 2)),
        unique=True,
        max_size=20,
    )
)
def test_a_name_is_one_window_s_and_step_functions_takes_it(
    asked: list[tuple[str, int, int, int]],
) -> None:
    """Whatever a source is called."""
    names = [named(*one) for one in asked]
    assert len(set(names)) == len(asked)
    assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name)] == []


def test_what_else_step_functions_says_is_passed_on() -> None:
    """The run is told, and fails in the end."""

    class Refusing(StepFunctions):
        def start_execution(self, **_asked: str) -> None:
            raise PermissionError

    client: Any = Refusing()
    with pytest.raises(PermissionError):
        RepairStart(client, ARN).start(first_window(), 0)
