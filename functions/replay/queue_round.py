"""Serves the state `Run a round` where the source is `usage` or `counters`.

What the state machine hands on comes in; the round's outcome and how far the replay is now leave.
Outcomes are returned; what another try may cure is raised, and the state machine tries again.
"""

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller, aforo_client
from functions.adapters.aws import s3_client, secrets_client, sqs_client
from functions.adapters.ledger import Ledger
from functions.adapters.message_queue import MessageQueue
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import REPLAY_PROBED, Telemetry
from functions.replay.limits import MoveMade, MoveTask, round_prefix
from functions.replay.manifest import Manifests
from functions.replay.order import Source
from functions.replay.outstanding import OutstandingEvents
from functions.replay.probe import Probe
from functions.replay.progress import RoundTask
from functions.replay.queue_round_settings import QueueRoundSettings
from functions.replay.readiness import Readiness
from functions.replay.round import Round
from functions.replay.round_answer import answer_of, tell
from functions.replay.round_decision import waits_for_aforo
from functions.replay.transfer import Transfer
from functions.replay.usage_move import UsageMove
from functions.replay.waiting_messages import WaitingMessages

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

# One claim more, with every call slow: a claim that is killed half way is safe, but seen twice.
LAST_CLAIM_MS = 20_000


@dataclass(frozen=True, slots=True)
class Wired:
    """What lives as long as the process."""

    settings: QueueRoundSettings
    sqs: "SQSClient"
    s3: "S3Client"
    telemetry: Telemetry


def handler(event: object, context: "LambdaContext") -> dict[str, Any]:
    """AWS Lambda's entry point."""
    wired, task = _wired(), RoundTask.model_validate(event)
    manifests = Manifests(wired.s3, wired.settings.ledger_bucket, task.replay_id)
    ledger = Ledger(wired.s3, wired.settings.ledger_bucket)
    result = Round(
        outstanding=OutstandingEvents(ledger, manifests, task.replay_id).of,
        ask_aforo=_ask_aforo if waits_for_aforo(task.order) else None,
        move=lambda limits: move(limits, context),
        now_ms=_now_ms,
        claim_seconds=wired.settings.claim_seconds,
        most_rounds=wired.settings.rounds_of_an_execution,
    ).run(task)
    tell(wired.telemetry, task, result)
    return answer_of(task, result)


def move(task: MoveTask, context: "LambdaContext") -> MoveMade:
    """Messages go back until a limit or the end of the time. The move's id names its manifests: a
    second try of the same round needs another.
    """
    started_at, move_id = datetime.now(UTC), f"{round_prefix(task.round)}{context.aws_request_id}"
    moved = _mover(task).run(
        task, move_id, lambda: context.get_remaining_time_in_millis() > LAST_CLAIM_MS
    )
    return MoveMade(move_id, started_at, moved)


def _mover(task: MoveTask) -> UsageMove | Transfer:
    wired = _wired()
    settings, sqs = wired.settings, wired.sqs
    manifests = Manifests(wired.s3, settings.ledger_bucket, task.replay_id, task.started_at)

    def waiting(url: str) -> WaitingMessages:
        return WaitingMessages(sqs, url, claim_seconds=settings.claim_seconds)

    if task.order.source is Source.COUNTERS:
        return Transfer(
            waiting=waiting(settings.counter_dead_letter_queue_url),
            settled=MessageQueue(sqs, settings.settled_usage_queue_url),
            manifests=manifests,
            now_ms=_now_ms,
        )
    return UsageMove(
        waiting=waiting(settings.usage_dead_letter_queue_url),
        set_aside=MessageQueue(sqs, settings.usage_dead_letter_queue_url),
        usage=MessageQueue(sqs, settings.usage_queue_url),
        manifests=manifests,
        now_ms=_now_ms,
    )


def _ask_aforo() -> Readiness:
    readiness = _probe().ask()
    _wired().telemetry.log.info(REPLAY_PROBED, extra=asdict(readiness))
    return readiness


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@cache
def _wired() -> Wired:
    settings = read_settings(QueueRoundSettings)
    return Wired(settings, sqs_client(), s3_client(), Telemetry("replay"))


@cache
def _probe() -> Probe:
    """Beside the rest: a wrong address of Aforo is nothing to a replay that does not ask it."""
    settings = _wired().settings
    client = aforo_client(
        settings.aforo_base_url, settings.allowed_hosts, signing=settings.signing()
    )
    credential = AforoCredential(secrets_client(), settings.aforo_secret_arn, time.monotonic)
    return Probe(client, credential, Caller(settings.aforo_tenant_id, settings.aforo_key_header))
