"""Serves the state `Write the report`.

A replay that is over comes in; what it had hidden shows again, and what the ledger says of it
leaves: whole in S3, short for the state machine. What another try may cure is raised, and the state
machine tries again.
"""

import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.adapters.aws import s3_client, sqs_client
from functions.adapters.ledger import Ledger
from functions.adapters.ledger_beginning import LedgerBeginning
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import REPLAY_REPORTED, Telemetry
from functions.replay.book import Bookkeeper, ReportTask
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


@dataclass(frozen=True, slots=True)
class Wired:
    """What lives as long as the process."""

    settings: ReportSettings
    sqs: "SQSClient"
    s3: "S3Client"
    telemetry: Telemetry


def handler(event: object, context: "LambdaContext") -> dict[str, Any]:
    """AWS Lambda's entry point."""
    task = ReportTask.model_validate(event)
    answer = _bookkeeper(task).report(
        task,
        time.time_ns() // 1_000_000,
        lambda: context.get_remaining_time_in_millis() > LAST_HOUR_MS,
    )
    if "report" in answer:
        told = {"events": answer["report"]["events"], "trouble": task.trouble}
        _wired().telemetry.report(REPLAY_REPORTED, **told, replay_id=task.replay_id)
        _wired().telemetry.flush()
    return answer


def _bookkeeper(task: ReportTask) -> Bookkeeper:
    wired = _wired()
    settings = wired.settings
    urls = {
        Source.USAGE: settings.usage_dead_letter_queue_url,
        Source.COUNTERS: settings.counter_dead_letter_queue_url,
    }
    url = urls.get(task.order.source)
    return Bookkeeper(
        Ledger(wired.s3, settings.ledger_bucket),
        Manifests(wired.s3, settings.ledger_bucket, task.replay_id, task.started_at),
        WaitingMessages(wired.sqs, url) if url else None,
        settings.dedup_window_seconds * 1000,
        LedgerBeginning(wired.s3, settings.ledger_bucket).moment,
        events_of_a_part=settings.events_of_a_part,
    )


@cache
def _wired() -> Wired:
    return Wired(read_settings(ReportSettings), sqs_client(), s3_client(), Telemetry("replay"))
