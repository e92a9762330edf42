"""Replay's mover: a step of the state machine comes in, what it came to leaves.

`check` reads the operator's input; `move` runs one round. Outcomes are returned; what another try
may cure is raised, and the state machine tries again.
"""

import time
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from functions.adapters.aws import s3_client, sqs_client
from functions.adapters.message_queue import MessageQueue
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import Telemetry
from functions.replay.limits import RoundTask
from functions.replay.manifest import Manifests
from functions.replay.order import NotUnderstood, Source, read_order
from functions.replay.round import Round
from functions.replay.settings import MoveSettings
from functions.replay.step_answer import answer_of, tell
from functions.replay.transfer import Transfer
from functions.replay.waiting_messages import WaitingMessages

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

# One claim more, with every call slow: a claim that is killed half way is safe, but seen twice.
LAST_CLAIM_MS = 20_000


class CheckTask(BaseModel):
    """Is the execution's input an order?"""

    step: Literal["check"]
    input: Any


class Task(RootModel[Annotated[CheckTask | RoundTask, Field(discriminator="step")]]):
    """What the state machine asks for."""


def handler(event: object, context: "LambdaContext") -> dict[str, Any]:
    """AWS Lambda's entry point."""
    task = Task.model_validate(event).root
    return _check(task) if isinstance(task, CheckTask) else _move(task, context)


def _check(task: CheckTask) -> dict[str, Any]:
    order = read_order(task.input)
    if isinstance(order, NotUnderstood):
        return {"outcome": "not_understood", "problem": order.problem}
    return {
        "outcome": "understood",
        "order": order.model_dump(mode="json", by_alias=True, exclude_none=True),
    }


def _move(task: RoundTask, context: "LambdaContext") -> dict[str, Any]:
    started_at_ms = _now_ms()
    move_id = f"{task.round:04}-{context.aws_request_id}"
    moved = _round(task).run(
        task, move_id, lambda: context.get_remaining_time_in_millis() > LAST_CLAIM_MS
    )
    answer = answer_of(task, move_id, started_at_ms, moved)
    tell(_wired()[-1], task, answer)
    return answer


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _round(task: RoundTask) -> Round | Transfer:
    settings, sqs, s3, _ = _wired()
    manifests = Manifests(s3, settings.ledger_bucket, task.replay_id, task.started_at)

    def waiting(url: str) -> WaitingMessages:
        return WaitingMessages(sqs, url, claim_seconds=settings.claim_seconds)

    if task.order.source == Source.COUNTERS:
        return Transfer(
            waiting=waiting(settings.counter_dead_letter_queue_url),
            settled=MessageQueue(sqs, settings.settled_usage_queue_url),
            manifests=manifests,
            now_ms=_now_ms,
        )
    return Round(
        waiting=waiting(settings.usage_dead_letter_queue_url),
        set_aside=MessageQueue(sqs, settings.usage_dead_letter_queue_url),
        usage=MessageQueue(sqs, settings.usage_queue_url),
        manifests=manifests,
        now_ms=_now_ms,
    )


@cache
def _wired() -> tuple[MoveSettings, "SQSClient", "S3Client", Telemetry]:
    return read_settings(MoveSettings), sqs_client(), s3_client(), Telemetry("replay")
