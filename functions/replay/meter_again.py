"""Replay's second metering: a step of the state machine comes in, what it came to leaves.

`count` counts what is quarantined; `move` takes one round of it through metering again. What
another try may cure is raised, and the state machine tries again.
"""

import time
from datetime import datetime
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel
from pydantic.alias_generators import to_camel

from functions.adapters.aws import CALL_SECONDS, lambda_client, logs_client, s3_client
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import REPLAY_COUNTED, Telemetry
from functions.replay.limits import RoundTask
from functions.replay.log_lines import READING_SECONDS, LogLines
from functions.replay.manifest import Manifests
from functions.replay.metering_call import ANSWER_SECONDS, Metering
from functions.replay.order import Order
from functions.replay.quarantine_listing import Quarantine
from functions.replay.remetering import Remetering
from functions.replay.second_reading import SecondReading
from functions.replay.settings import MeterAgainSettings
from functions.replay.step_answer import answer_of, tell
from functions.usage.metric import Metric

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client

# One request more: its log is read, with a last page that is as slow as the client waits for, and
# metering takes its whole time. Then the way out of a claim of ten objects.
LAST_CLAIM_MS = (READING_SECONDS + ceil(CALL_SECONDS) + ANSWER_SECONDS + 12) * 1000


class CountTask(BaseModel):
    """How much is quarantined?"""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)

    step: Literal["count"]
    started_at: AwareDatetime
    order: Order


class Task(RootModel[Annotated[CountTask | RoundTask, Field(discriminator="step")]]):
    """What the state machine asks for."""


def handler(event: object, context: "LambdaContext") -> dict[str, Any]:
    """AWS Lambda's entry point."""
    task = Task.model_validate(event).root
    if isinstance(task, CountTask):
        counting = _remetering("count", task.started_at, dry_run=True)
        waiting = counting.count(task.order, task.started_at)
        _wired()[-1].log.info(REPLAY_COUNTED, waiting=waiting)
        return {"outcome": "counted", "waiting": waiting}
    started_at_ms = time.time_ns() // 1_000_000
    move_id = f"{task.round:04}-{context.aws_request_id}"
    remetering = _remetering(task.replay_id, task.started_at, dry_run=task.order.dry_run)
    progress = remetering.run(
        task, move_id, lambda: context.get_remaining_time_in_millis() > LAST_CLAIM_MS
    )
    answer = answer_of(task, move_id, started_at_ms, progress.moved)
    if not task.order.dry_run:
        for why, times in progress.never_ended.items():
            _wired()[-1].count(Metric.REQUESTS_NEVER_ENDED, times, reason=why)
    tell(_wired()[-1], task, answer)
    return {**answer, "marker": progress.marker}


def _remetering(replay_id: str, started_at: datetime, *, dry_run: bool) -> Remetering:
    settings, functions, logs, s3, _ = _wired()
    metering = Metering(functions, settings.metering_function_arn, replay_id, dry_run=dry_run)
    return Remetering(
        quarantine=Quarantine(s3, settings.quarantine_bucket),
        reading=SecondReading(metering, LogLines(logs), time.time_ns() // 1_000_000),
        manifests=Manifests(s3, settings.ledger_bucket, replay_id, started_at),
    )


@cache
def _wired() -> tuple[
    MeterAgainSettings, "LambdaClient", "CloudWatchLogsClient", "S3Client", Telemetry
]:
    return (
        read_settings(MeterAgainSettings),
        lambda_client(ANSWER_SECONDS),
        logs_client(),
        s3_client(),
        Telemetry("replay"),
    )
