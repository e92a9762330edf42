"""Serves the state `Run a round` where the source is `quarantine`.

What the state machine hands on comes in; the round's outcome and how far the replay is now leave.
Outcomes are returned; what another try may cure is raised, and the state machine tries again.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any

from functions.adapters.aws import CALL_SECONDS, lambda_client, logs_client, s3_client
from functions.adapters.ledger import Ledger
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import Telemetry
from functions.replay.limits import MoveMade, MoveTask, round_prefix
from functions.replay.log_lines import READING_SECONDS, LogLines
from functions.replay.manifest import Manifests
from functions.replay.metering_call import ANSWER_SECONDS, Metering
from functions.replay.outstanding import OutstandingEvents
from functions.replay.progress import RoundTask
from functions.replay.quarantine_listing import Quarantine
from functions.replay.remetering import Remetering
from functions.replay.round import Round
from functions.replay.round_answer import answer_of, tell
from functions.replay.second_reading import SecondReading
from functions.replay.settings import QuarantineRoundSettings
from functions.usage.metric import Metric

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client

# One request more: its log is read, with a last page that is as slow as the client waits for, and
# metering takes its whole time. Then the way out of a claim of ten objects.
LAST_CLAIM_MS = (READING_SECONDS + ceil(CALL_SECONDS) + ANSWER_SECONDS + 12) * 1000


@dataclass(frozen=True, slots=True)
class Wired:
    """What lives as long as the process."""

    settings: QuarantineRoundSettings
    functions: "LambdaClient"
    logs: "CloudWatchLogsClient"
    s3: "S3Client"
    telemetry: Telemetry


def handler(event: object, context: "LambdaContext") -> dict[str, Any]:
    """AWS Lambda's entry point."""
    wired, task = _wired(), RoundTask.model_validate(event)
    manifests = Manifests(wired.s3, wired.settings.ledger_bucket, task.replay_id)
    ledger = Ledger(wired.s3, wired.settings.ledger_bucket)
    result = Round(
        outstanding=OutstandingEvents(ledger, manifests, task.replay_id).of,
        ask_aforo=None,  # what metering sends waits on UsageQueue as all fresh usage does
        move=lambda limits: _move(limits, context),
        now_ms=_now_ms,
        claim_seconds=0,  # nothing is hidden
        most_rounds=wired.settings.rounds_of_an_execution,
    ).run(task)
    tell(wired.telemetry, task, result)
    return answer_of(task, result)


def _move(task: MoveTask, context: "LambdaContext") -> MoveMade:
    started_at, move_id = datetime.now(UTC), f"{round_prefix(task.round)}{context.aws_request_id}"
    so_far = _remetering(task).run(
        task, move_id, lambda: context.get_remaining_time_in_millis() > LAST_CLAIM_MS
    )
    if not task.order.dry_run:
        for why, times in so_far.never_ended.items():
            _wired().telemetry.count(Metric.REQUESTS_NEVER_ENDED, times, reason=why)
    return MoveMade(move_id, started_at, so_far.moved, so_far.marker)


def _remetering(task: MoveTask) -> Remetering:
    wired = _wired()
    settings, replay_id = wired.settings, task.replay_id
    metering = Metering(
        wired.functions, settings.metering_function_arn, replay_id, dry_run=task.order.dry_run
    )
    return Remetering(
        quarantine=Quarantine(wired.s3, settings.quarantine_bucket),
        reading=SecondReading(metering, LogLines(wired.logs), _now_ms()),
        manifests=Manifests(wired.s3, settings.ledger_bucket, replay_id, task.started_at),
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@cache
def _wired() -> Wired:
    return Wired(
        read_settings(QuarantineRoundSettings),
        lambda_client(ANSWER_SECONDS),
        logs_client(),
        s3_client(),
        Telemetry("replay"),
    )
