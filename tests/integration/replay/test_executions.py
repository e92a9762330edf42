"""A replay that is more than one execution may do, by real functions on ministack."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.set_aside_messages import an_hour_ago, event, message, record
from tests.integration.replay.deployed import FINISHED_SECONDS, Deployed, deployed_replay
from tests.local.aforo.standin import AforoStandIn
from tests.local.waiting import until
from tests.statemachine.definition import held_at
from tests.statemachine.quick_ministack import quick_ministack

WAIT_SCALE = 0.01
ROUNDS, EVENTS_OF_A_PART = 1, 9
# A round is ten messages: what the pace allows in a minute is less.
SLOWLY = {"eventsPerSecond": 0.1}


@pytest.fixture
def deployed(shared_aforo: AforoStandIn, tmp_path: Path) -> Iterator[Deployed]:
    """Executions of one round each, and a report of some events a part."""
    with (
        quick_ministack(tmp_path / "ministack", WAIT_SCALE) as emulator,
        deployed_replay(
            emulator,
            shared_aforo.url,
            tmp_path,
            rounds=ROUNDS,
            events_of_a_part=EVENTS_OF_A_PART,
        ) as found,
    ):
        yield found


def chain(deployed: Deployed, arn: str) -> list[str]:
    """The executions of a replay, in order; each has ended."""
    found = deployed.ended(arn)
    output = json.loads(found.get("output", "{}"))
    if output.get("outcome") != "handed_on":
        return [arn]
    return [arn, *chain(deployed, arn.rpartition(":")[0] + ":" + output["next"])]


def test_a_replay_of_many_executions_moves_everything_once_and_reports_once(
    deployed: Deployed,
) -> None:
    """Thirty-five messages at ten an execution, in a report of nine events a part: what failed
    again is not taken again by a later execution, and an event of two messages is one event.
    """
    aws = deployed.aws
    at = an_hour_ago()
    fine = [event(n, occurred_at=at) for n in range(30)]
    failing = [event(n, customer="cus_gone", occurred_at=at) for n in range(100, 105)]
    aws.set_aside(*(message([one], record()) for one in [*fine[:29], *failing]))
    aws.set_aside(message([fine[29], fine[0]], record()))
    executions = chain(deployed, deployed.start("large", SLOWLY))
    names = [arn.rpartition(":")[2] for arn in executions]
    assert names[:3] == ["large", "large-part-2", "large-part-3"]
    assert len(names) >= 4
    paths = [deployed.path(arn) for arn in executions]
    assert [path[-1] for path in paths] == ["Hand on what remains"] * (len(names) - 1) + [
        "Replay finished"
    ]
    assert paths[-1].count("Write the report") == 4
    end = deployed.sfn.describe_execution(executionArn=executions[-1])
    report = json.loads(end["output"])["report"]
    assert report["replayId"] == "large"
    assert (report["messages"]["waitingAtStart"], report["messages"]["moved"]) == (35, 35)
    events = report["events"]
    assert (events["sent"], events["replayed"], events["stillFailing"]) == (35, 30, 5)
    assert sum(sum(line["events"].values()) for line in report["bill"]) == 35
    assert set(deployed.book.values()) == {1}
    assert len(deployed.book) == 30


def test_a_stop_ends_the_chain(deployed: Deployed) -> None:
    """Also at the moment at which the next execution is asked for: it begins nothing. Another
    replay does the rest.
    """
    aws = deployed.aws
    at = an_hour_ago()
    aws.set_aside(*(message([event(n, occurred_at=at)], record()) for n in range(25)))
    held = deployed.machine(held_at(deployed.definition, "Hand on what remains", "true"))
    first = deployed.start("stopped", SLOWLY, machine=held)

    def is_there() -> bool:
        deployed.forward()
        return "Held" in deployed.path(first)

    until(is_there, FINISHED_SECONDS)
    # As if the call had left just before.
    asked = {"continues": "stopped", "source": "usage", "quiet": False}
    second = deployed.start("stopped-part-2", asked, machine=held)
    deployed.sfn.stop_execution(executionArn=first)
    refused = deployed.ended(second)
    assert (refused["status"], refused["error"]) == ("FAILED", "InputRefused")
    assert "it did not hand anything on" in refused["cause"]
    assert len(deployed.book) < 25
    *_, last = chain(deployed, deployed.start("rest", SLOWLY))
    assert deployed.path(last)[-1] == "Replay finished"
    assert set(deployed.book.values()) == {1}
    assert len(deployed.book) == 25
