"""Who watches a run may leave at any time."""

from collections.abc import Iterator
from typing import NamedTuple, cast

import pytest

from functions.operator.deployment.place import HERE, Place
from functions.operator.executions.machine_runs import MachineRuns, RunKind
from functions.operator.executions.run_printing import watched


class NamedRuns(NamedTuple):
    """Of what kind they are is all that is asked."""

    kind: RunKind


RUNS = cast("MachineRuns", NamedRuns(RunKind("audit", "an audit", "AuditStateMachineArn")))


def interrupted() -> Iterator[str]:
    """After one line."""
    yield "1 of 2 windows"
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("place", "stack"), [(HERE, ""), (Place(stack="metering"), " --stack metering")]
)
def test_who_leaves_is_told_how_to_come_back_and_how_to_end_it(
    capsys: pytest.CaptureFixture[str], place: Place, stack: str
) -> None:
    """With the words to copy, for the same deployment."""
    assert not watched(RUNS, "arn:execution:aforo-audit:november", interrupted(), place)
    line, told = capsys.readouterr().err.splitlines()
    assert line == "  1 of 2 windows"
    assert f"`aforo-metering audit follow november{stack}`" in told
    assert f"`aforo-metering audit stop november{stack}`" in told


def test_who_stays_sees_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each."""
    assert watched(RUNS, "arn", iter(["first", "second"]), HERE)
    assert capsys.readouterr().err == "  first\n  second\n"
