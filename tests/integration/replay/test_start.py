"""The start of a replay, beside executions that really run on ministack."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest

from functions.replay import start
from functions.replay.chain import ENDS_WITHIN_SECONDS
from functions.replay.start import LISTED_AFTER_SECONDS
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.lambda_context import lambda_context
from tests.fakes.set_aside_messages import event, message, record
from tests.integration.replay.conftest import Surroundings
from tests.local.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

WAITS_FOR_EVER = {
    "QueryLanguage": "JSONata",
    "StartAt": "Wait",
    "States": {"Wait": {"Type": "Wait", "Seconds": 1_000_000, "End": True}},
}


@dataclass
class Machine:
    """A state machine whose executions run until they are stopped; each may ask for its start."""

    definition: Mapping[str, Any] = field(default_factory=lambda: WAITS_FOR_EVER)

    def __post_init__(self) -> None:
        self.sfn: SFNClient = boto3.client("stepfunctions")
        name = f"start-{uuid4().hex[:12]}"
        role = boto3.client("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": []})
        )
        self.arn = self.sfn.create_state_machine(
            name=name, definition=json.dumps(self.definition), roleArn=role["Role"]["Arn"]
        )["stateMachineArn"]

    running: list[str] = field(default_factory=list)

    def run(self, name: str, order: object) -> str:
        arn = self.sfn.start_execution(
            stateMachineArn=self.arn, name=name, input=json.dumps(order)
        )["executionArn"]
        self.running.append(arn)
        return arn

    def stop(self, name: str) -> None:
        (arn,) = [one for one in self.running if one.endswith(f":{name}")]
        self.running.remove(arn)
        self.sfn.stop_execution(executionArn=arn)

    def begin(self, name: str, order: object) -> dict[str, Any]:
        """What the start says to a new execution."""
        return self.ask(self.run(name, order), order)

    def ask(self, arn: str, order: object, seconds_ago: int = 0) -> dict[str, Any]:
        # S3's times are whole seconds: what stands there is before this.
        now_ms = time.time_ns() // 1_000_000 + 2_000 - seconds_ago * 1_000
        task = {
            "replayId": arn.rpartition(":")[2],
            "executionArn": arn,
            "stateMachineArn": self.arn,
            "startedAt": iso_from_epoch_ms(now_ms),
            "input": order,
        }
        return start.handler(task, lambda_context("start"))


@pytest.fixture
def machine(aws: Surroundings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """One usage message waits, one for the counters, and one object."""
    monkeypatch.setenv("QUARANTINE_BUCKET", aws.bucket)
    start._wired.cache_clear()
    aws.set_aside(message([event(1)], record()))
    aws.sqs.send_message(QueueUrl=aws.counter_dead_letter_url, MessageBody="{}")
    aws.s3.put_object(Bucket=aws.bucket, Key="quarantine/tamper/undated/x.json", Body=b"[]")
    found = Machine()
    yield found
    for arn in found.running:
        found.sfn.stop_execution(executionArn=arn)
    start._wired.cache_clear()


def test_of_two_replays_started_together_one_works(machine: Machine) -> None:
    """The other names it and ends at once, as a success: nothing is wrong. Stopping the first
    leaves nothing locked.
    """
    assert machine.begin("first", {})["outcome"] == "start"
    assert machine.begin("second", {}) == {
        "outcome": "another_replay_is_running",
        "replayId": "second",
        "runningReplay": "first",
    }
    machine.stop("second")
    machine.stop("first")
    assert machine.begin("third", {})["outcome"] == "start"


def test_a_person_does_not_wait_for_what_a_schedule_does_quietly(machine: Machine) -> None:
    """The schedule's own next one does, for both; no replay waits for a younger one."""
    scheduled = machine.run("scheduled", {"quiet": True})
    assert machine.begin("again", {"quiet": True})["runningReplay"] == "scheduled"
    machine.stop("again")
    assert machine.begin("person", {})["outcome"] == "start"
    assert machine.begin("another", {})["runningReplay"] == "person"
    assert machine.ask(scheduled, {"quiet": True})["outcome"] == "start"


def test_replays_of_two_sources_do_not_wait_for_each_other(machine: Machine) -> None:
    """They share no queue and no object. What an older one takes from stands in its input; one that
    will be refused holds nobody up.
    """
    for number, order in enumerate([{"source": "quarantine"}, {"source": "nowhere"}, [3]]):
        machine.run(f"older-{number}", order)
    # `[3]` names no source, so it would be one of the default: it is older, and wins.
    assert machine.begin("mine", {})["runningReplay"] == "older-2"
    machine.stop("mine")
    machine.stop("older-2")
    assert machine.begin("again", {})["outcome"] == "start"
    assert machine.begin("counters", {"source": "counters"})["outcome"] == "start"
    assert machine.begin("late", {"source": "quarantine"})["runningReplay"] == "older-0"


def test_it_looks_again_until_it_is_listed_itself(machine: Machine) -> None:
    """A listing that lags may hide an older one; longer than a listing ever lagged nobody waits."""
    unlisted = f"{machine.run('older', {'source': 'counters'})}-not-listed"
    assert machine.ask(unlisted, {}) == {"outcome": "look_again"}
    assert machine.ask(unlisted, {}, seconds_ago=LISTED_AFTER_SECONDS + 3)["outcome"] == "start"


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        ({"maxMessage": 3}, "maxMessage: is not a field of a replay"),
        ([], "input: must be an object"),
        (None, "input: must be an object"),
        ({"source": "nowhere"}, "source: "),
    ],
)
def test_an_input_that_is_not_understood_is_refused(
    order: object, problem: str, machine: Machine
) -> None:
    """Before anything is looked at; the field and the fix are named."""
    answer = machine.ask("no execution", order)
    assert answer["outcome"] == "refused"
    assert answer["problem"].startswith(problem)


@pytest.mark.parametrize("source", ["usage", "quarantine", "counters"])
def test_what_waits_bounds_the_replay(source: str, machine: Machine) -> None:
    """The order leaves with its defaults, the progress with what waits now."""
    answer = machine.begin("mine", {"source": source, "maxMessages": 3})
    assert answer["outcome"] == "start"
    assert answer["order"] == {
        "source": source,
        "dryRun": False,
        "maxMessages": 3,
        "filter": {},
        "sendAmbiguous": False,
        "quiet": False,
    }
    progress = answer["progress"]
    assert (progress.pop("waitingAtStart"), progress.pop("marker")) == (1, "")
    assert not any(progress.values())


def test_nothing_waits(machine: Machine, aws: Surroundings) -> None:
    """What is in other hands is told; a reason that is spelled otherwise finds nothing."""
    hidden = boto3.client("sqs").receive_message(
        QueueUrl=aws.usage_dead_letter_url, VisibilityTimeout=600
    )["Messages"]
    assert len(hidden) == 1
    answer = machine.begin("mine", {})
    assert (answer["outcome"], answer["replayId"]) == ("nothing_to_replay", "mine")
    assert answer["hiddenMessages"] == 1
    order = {"source": "quarantine", "filter": {"reason": ["tampered"]}}
    other = machine.begin("other", order)
    assert other["outcome"] == "nothing_to_replay"
    assert other["order"]["filter"] == {"reason": ["tampered"]}


def test_what_is_ambiguous_needs_a_decision_under_the_replay_s_name(
    machine: Machine, aws: Surroundings
) -> None:
    """Of the same input, by somebody who may put it: an input alone is refused."""
    order = {"filter": {"class": ["ambiguous"]}, "sendAmbiguous": True}
    refused = machine.begin("undecided", order)
    assert refused["outcome"] == "refused"
    assert "decisions/undecided.json" in refused["problem"]
    machine.stop("undecided")
    body = json.dumps(order).encode()
    aws.s3.put_object(Bucket=aws.bucket, Key="decisions/decided.json", Body=body)
    assert machine.begin("decided", order)["outcome"] == "start"


HANDED_ON = {
    "outcome": "handed_on",
    "next": "mine-part-2",
    "replayId": "mine",
    "startedAt": "2026-11-23T12:00:00.123000Z",
    "order": {
        "source": "usage",
        "dryRun": False,
        "filter": {"class": ["ambiguous"]},
        "sendAmbiguous": True,
        "quiet": False,
    },
    "progress": {"waitingAtStart": 9, "rounds": 250, "seen": 7, "executionsBefore": 1},
}
NEXT = {"continues": "mine", "source": "usage", "quiet": False}


@pytest.fixture
def handing_on(machine: Machine) -> Machine:
    """A machine whose executions hand something on: what they are given, after a wait."""
    assert machine.arn  # its surroundings
    states = {
        "Wait": {"Type": "Wait", "Seconds": "{% $states.input.wait %}", "Next": "Hand on"},
        "Hand on": {"Type": "Pass", "Output": "{% $states.input.output %}", "End": True},
    }
    return Machine(definition={**WAITS_FOR_EVER, "States": states})


def test_the_next_execution_goes_on_with_what_the_one_before_left(handing_on: Machine) -> None:
    """Also of usage that is ambiguous: it was decided for the replay. It counts nothing anew, and
    stands back for nobody who began meanwhile.
    """
    before = handing_on.run("mine", {"wait": 0, "output": HANDED_ON})
    handing_on.run("somebody", {"wait": 1_000})
    until(lambda: not is_running(handing_on, before), 20)
    answer = handing_on.ask(before.removesuffix("mine") + "mine-part-2", NEXT)
    progress = answer.pop("progress")
    kept = ("replayId", "startedAt", "order")
    assert answer == {"outcome": "start", **{name: HANDED_ON[name] for name in kept}}
    assert progress == {**progress, **HANDED_ON["progress"]}  # type: ignore[dict-item]


def test_it_waits_until_the_one_before_is_over_and_not_for_ever(handing_on: Machine) -> None:
    """One that was stopped hands nothing on: a stop ends the chain."""
    before = handing_on.run("mine", {"wait": 1_000, "output": HANDED_ON})
    after = before.removesuffix("mine") + "mine-part-2"
    assert handing_on.ask(after, NEXT) == {"outcome": "look_again"}
    late = handing_on.ask(after, NEXT, seconds_ago=ENDS_WITHIN_SECONDS + 3)
    assert (late["outcome"], late["problem"]) == ("refused", "continues mine: it is still running")
    handing_on.stop("mine")
    stopped = handing_on.ask(after, NEXT)
    assert stopped["outcome"] == "refused"
    assert stopped["problem"].startswith("continues mine: it did not hand anything on")


def test_what_is_made_up_is_refused(handing_on: Machine) -> None:
    """A replay that nobody handed on, one of another name, and an input that says more."""
    before = handing_on.run("mine", {"wait": 0, "output": HANDED_ON})
    until(lambda: not is_running(handing_on, before), 20)
    for name, order in (
        ("mine-part-2", {**NEXT, "continues": "nobody-s"}),
        ("mine-part-2", {**NEXT, "continues": "no name"}),
        ("mine-part-3", NEXT),
        ("mine-part-2", {**NEXT, "sendAmbiguous": True}),
    ):
        assert handing_on.ask(before.removesuffix("mine") + name, order)["outcome"] == "refused"


def is_running(machine: Machine, arn: str) -> bool:
    return machine.sfn.describe_execution(executionArn=arn)["status"] == "RUNNING"
