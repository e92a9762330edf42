"""Replay's bookkeeper: a step of the state machine comes in, what the ledger says leaves.

`settled` counts what a move sent and the ledger does not have yet; `report` gives back what the
replay held, and writes the report.
"""

import time
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, RootModel

from functions.adapters.aws import s3_client, sqs_client
from functions.adapters.ledger import Ledger
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import REPLAY_REPORTED, Telemetry
from functions.replay.book import Bookkeeper, ReportTask, SettledTask
from functions.replay.manifest import Manifests
from functions.replay.order import Source
from functions.replay.settings import ReportSettings
from functions.replay.waiting_messages import WaitingMessages

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

# To sum up and write the report, after the last hour of the ledger that is read.
LAST_HOUR_MS = 20_000


class Task(RootModel[Annotated[SettledTask | ReportTask, Field(discriminator="step")]]):
    """What the state machine asks for."""


def handler(event: object, context: "LambdaContext") -> dict[str, Any]:
    """AWS Lambda's entry point."""
    task = Task.model_validate(event).root
    bookkeeper = _bookkeeper(task)
    if isinstance(task, SettledTask):
        answer = told = bookkeeper.settled(task)
    else:
        answer = bookkeeper.report(
            task,
            time.time_ns() // 1_000_000,
            lambda: context.get_remaining_time_in_millis() > LAST_HOUR_MS,
        )
        told = {"events": answer["report"]["events"], "trouble": task.trouble}
    _wired()[-1].log.info(REPLAY_REPORTED, extra={**told, "replay_id": task.replay_id})
    return answer


def _bookkeeper(task: SettledTask | ReportTask) -> Bookkeeper:
    settings, sqs, s3, _ = _wired()
    urls = {
        Source.USAGE: settings.usage_dead_letter_queue_url,
        Source.COUNTERS: settings.counter_dead_letter_queue_url,
    }
    # Has the ledger what a move sent? Then nothing is given back, and a move's id says enough.
    url = urls.get(task.order.source) if isinstance(task, ReportTask) else None
    started_at = task.started_at if isinstance(task, ReportTask) else None
    return Bookkeeper(
        Ledger(s3, settings.ledger_bucket),
        Manifests(s3, settings.ledger_bucket, task.replay_id, started_at),
        WaitingMessages(sqs, url) if url else None,
        settings.dedup_window_seconds * 1000,
    )


@cache
def _wired() -> tuple[ReportSettings, "SQSClient", "S3Client", Telemetry]:
    return read_settings(ReportSettings), sqs_client(), s3_client(), Telemetry("replay")
