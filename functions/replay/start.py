"""Serves the state `Start the replay`.

An execution and its input come in; whether the replay may begin leaves, with the order and what
waits now. It reads and changes nothing. Outcomes are returned; what another try may cure is raised,
and the state machine tries again.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import AwareDatetime, ConfigDict, Field

from functions.adapters.aws import s3_client, sqs_client, stepfunctions_client
from functions.adapters.quarantined_object import prefixes_of
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import REPLAY_STARTED, Telemetry
from functions.replay.chain import (
    ENDS_WITHIN_SECONDS,
    NextInput,
    NotHandedOn,
    handed_on,
    next_input,
)
from functions.replay.order import NotUnderstood, Order, Source, read_order
from functions.replay.other_replays import OtherReplays
from functions.replay.person_decision import PutDecision, undecided
from functions.replay.progress import ReplayProgress
from functions.replay.quarantine_listing import Quarantine
from functions.replay.settings import StartSettings
from functions.replay.waiting_messages import WaitingMessages
from functions.usage.from_outside import FromOutside

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_stepfunctions.client import SFNClient

# ListExecutions is eventually consistent: longer than a listing was ever seen to lag.
LISTED_AFTER_SECONDS = 10
NO_SUCH_EXECUTION = frozenset({"ExecutionDoesNotExist", "InvalidArn"})


class StartOutcome(StrEnum):
    """What the state machine decides on."""

    START = "start"
    LOOK_AGAIN = "look_again"
    REFUSED = "refused"
    ANOTHER_REPLAY_IS_RUNNING = "another_replay_is_running"
    NOTHING_TO_REPLAY = "nothing_to_replay"


class StartTask(FromOutside):
    """What the state `Start the replay` asks for."""

    model_config = ConfigDict(extra="ignore")

    replay_id: str = Field(min_length=1)  # the execution's name
    execution_arn: str
    state_machine_arn: str
    started_at: AwareDatetime
    input: Any


@dataclass(frozen=True, slots=True)
class Wired:
    """What lives as long as the process."""

    settings: StartSettings
    stepfunctions: "SFNClient"
    sqs: "SQSClient"
    s3: "S3Client"
    telemetry: Telemetry


def handler(event: object, _context: "LambdaContext") -> dict[str, Any]:
    """AWS Lambda's entry point."""
    task = StartTask.model_validate(event)
    goes_on = next_input(task.input)
    answer = _going_on(task, goes_on) if isinstance(goes_on, NextInput) else _answer(task, goes_on)
    told = {"outcome": answer["outcome"], "replay_id": task.replay_id}
    _wired().telemetry.report(REPLAY_STARTED, **told)
    _wired().telemetry.flush()
    return answer


def _answer(task: StartTask, refused: NotUnderstood | None) -> dict[str, Any]:
    order = refused or read_order(task.input)
    if isinstance(order, NotUnderstood):
        return {"outcome": StartOutcome.REFUSED, "problem": order.problem}
    if problem := undecided(order, task.replay_id, task.started_at, _find_decision):
        return {"outcome": StartOutcome.REFUSED, "problem": problem}
    others = OtherReplays(_wired().stepfunctions, task.state_machine_arn)
    older = others.older_than(task.execution_arn)
    if not older.is_listed and time.time() - task.started_at.timestamp() < LISTED_AFTER_SECONDS:
        return {"outcome": StartOutcome.LOOK_AGAIN}
    if running := others.first_in_the_way(order, older):
        return {
            "outcome": StartOutcome.ANOTHER_REPLAY_IS_RUNNING,
            "replayId": task.replay_id,
            "runningReplay": running,
        }
    waiting, hidden = _count(order, task)
    asked = order.model_dump(mode="json", by_alias=True, exclude_none=True)
    if not waiting:
        return {
            "outcome": StartOutcome.NOTHING_TO_REPLAY,
            "replayId": task.replay_id,
            "order": asked,  # a reason that is spelled otherwise finds nothing, too
            # In the hands of a replay that was stopped: they show again within 15 minutes.
            "hiddenMessages": hidden,
        }
    progress = ReplayProgress(waiting_at_start=waiting, hidden_at_start=hidden)
    return {
        "outcome": StartOutcome.START,
        "replayId": task.replay_id,
        "startedAt": task.model_dump(mode="json")["started_at"],
        "order": asked,
        "progress": progress.model_dump(mode="json", by_alias=True, exclude_none=True),
    }


def _going_on(task: StartTask, asked: NextInput) -> dict[str, Any]:
    """The replay has begun: others stand back for it, and what waited then is counted."""
    before = task.execution_arn.removesuffix(task.replay_id) + asked.continues

    def describe() -> Mapping[str, Any]:
        try:
            return _wired().stepfunctions.describe_execution(executionArn=before)
        except ClientError as error:
            if error.response["Error"]["Code"] not in NO_SUCH_EXECUTION:
                raise
            return {"status": "ABORTED"}

    found = handed_on(task.replay_id, describe)
    is_soon = time.time() - task.started_at.timestamp() < ENDS_WITHIN_SECONDS
    if found is NotHandedOn.RUNS and is_soon:
        return {"outcome": StartOutcome.LOOK_AGAIN}
    if isinstance(found, NotHandedOn):
        return {"outcome": StartOutcome.REFUSED, "problem": f"continues {asked.continues}: {found}"}
    kept = found.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {
        "outcome": StartOutcome.START,
        **{name: kept[name] for name in ("replayId", "startedAt", "order", "progress")},
    }


def _find_decision(key: str) -> PutDecision | None:
    wired = _wired()
    try:
        found = wired.s3.get_object(Bucket=wired.settings.ledger_bucket, Key=key)
    except wired.s3.exceptions.NoSuchKey:
        return None
    return PutDecision(found["Body"].read(), found["LastModified"])


def _count(order: Order, task: StartTask) -> tuple[int, int]:
    """How much waits, and how much is hidden. It bounds the replay: what fails again, or is set
    aside meanwhile, by this replay too, is for the next.
    """
    wired = _wired()
    if order.source is Source.QUARANTINE:
        quarantine = Quarantine(wired.s3, wired.settings.quarantine_bucket)
        return quarantine.count(prefixes_of(order.filter.reason), task.started_at), 0
    urls = {
        Source.USAGE: wired.settings.usage_dead_letter_queue_url,
        Source.COUNTERS: wired.settings.counter_dead_letter_queue_url,
    }
    return WaitingMessages(wired.sqs, urls[order.source]).depth()


@cache
def _wired() -> Wired:
    return Wired(
        read_settings(StartSettings),
        stepfunctions_client(),
        sqs_client(),
        s3_client(),
        Telemetry("replay"),
    )
