"""The forwarder: usage messages come in; what Aforo confirmed or will not take is settled, the rest
comes back.

The answer always lists the messages to see again: for Lambda no list means that all are done.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller, aforo_client
from functions.adapters.aws import s3_client, secrets_client, sqs_client
from functions.adapters.ledger import Ledger
from functions.adapters.ledger_beginning import LedgerBeginning
from functions.adapters.message_queue import MessageQueue
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import HOLD_SHORTENED, Telemetry
from functions.forwarder.aforo_breaker import Breaker
from functions.forwarder.forwarding import Forwarding, Invocation
from functions.forwarder.heartbeats import HeartbeatRelay
from functions.forwarder.holding import Holding
from functions.forwarder.ingest_api import IngestApi
from functions.forwarder.ledger_lookup import LedgerLookup, LoggedLookup
from functions.forwarder.ledger_memory import LedgerMemory
from functions.forwarder.parallel import Parallel
from functions.forwarder.posting import Posting
from functions.forwarder.putting_back import PuttingBack, Visibility
from functions.forwarder.rate_share import RateShare
from functions.forwarder.returning import Returning
from functions.forwarder.screening import Screening
from functions.forwarder.settings import ForwarderSettings
from functions.forwarder.settle import Settlement
from functions.usage.metric import Metric

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

type Response = dict[str, list[dict[str, str]]]


def handler(event: Mapping[str, Any], context: "LambdaContext") -> Response:
    """AWS Lambda's entry point."""
    wired = _wired()
    invocation = Invocation(context.aws_request_id, context.get_remaining_time_in_millis)
    try:
        again = wired.forwarding.forward(event["Records"], invocation)
    finally:
        wired.telemetry.flush()
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


class Wired(NamedTuple):
    """What lives as long as the process; `client` is kept for its connections."""

    forwarding: Forwarding
    telemetry: Telemetry
    client: httpx.Client


@cache
def _wired() -> Wired:
    settings = read_settings(ForwarderSettings)
    telemetry = Telemetry("forwarder")
    _say_if_shortened(settings, telemetry)
    client = aforo_client(
        settings.aforo_base_url, settings.allowed_hosts, signing=settings.signing()
    )
    sqs, ledger = sqs_client(), Ledger(s3_client(), settings.ledger_bucket)
    settled = MessageQueue(sqs, settings.settled_usage_queue_url)
    putting_back = PuttingBack(sqs, settings.usage_queue_url, telemetry)
    forwarding = Forwarding(
        posting=_posting(settings, client, ledger, telemetry),
        settlement=Settlement(
            usage_dead_letter=MessageQueue(sqs, settings.usage_dead_letter_queue_url),
            ledger=ledger,
            settled=settled,
            telemetry=telemetry,
        ),
        returning=Returning(
            holding=Holding(settings.safe_hold_seconds),
            visibility=Visibility(sqs, settings.usage_queue_url, telemetry),
            queue=putting_back,
        ),
        heartbeats=HeartbeatRelay(settled, putting_back, telemetry),
        telemetry=telemetry,
        now_ms=lambda: time.time_ns() // 1_000_000,
    )
    return Wired(forwarding, telemetry, client)


def _say_if_shortened(settings: ForwarderSettings, telemetry: Telemetry) -> None:
    """Once per process: it goes on as deployed, and whoever deployed it meant something else."""
    if settings.is_hold_shortened:
        telemetry.count(Metric.HOLD_SHORTENED)
        telemetry.log.error(
            HOLD_SHORTENED,
            asked_seconds=settings.hold_seconds,
            hold_seconds=settings.safe_hold_seconds,
            dedup_window_seconds=settings.dedup_window_seconds,
        )


def _posting(
    settings: ForwarderSettings, client: httpx.Client, ledger: Ledger, telemetry: Telemetry
) -> Posting:
    api = IngestApi(
        client=client,
        credential=AforoCredential(secrets_client(), settings.aforo_secret_arn, time.monotonic),
        caller=Caller(settings.aforo_tenant_id, settings.aforo_key_header),
        now=lambda: datetime.now(UTC),
        telemetry=telemetry,
    )
    asking = LoggedLookup(LedgerLookup(ledger).look_up, telemetry)
    beginning = LedgerBeginning(s3_client(), settings.ledger_bucket)
    memory = LedgerMemory(beginning.moment, telemetry, time.monotonic)
    return Posting(
        screening=Screening(asking.look_up, memory.reaches, settings.dedup_window_seconds),
        breaker=Breaker(time.monotonic, settings.safe_hold_seconds),
        post=api.post,
        share=RateShare(settings.share_per_minute, time.monotonic),
        parallel=Parallel(settings.posts_at_once),
        most_events=settings.most_events,
        most_bytes=settings.post_bytes,
    )
