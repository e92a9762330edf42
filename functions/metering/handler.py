"""Metering: a CloudWatch Logs subscription payload comes in; usage messages and quarantine objects
leave. Asked by the reconcile state machine, it says which sources there are; asked by an audit,
what it makes of the requests of a window.

What another try may cure raises: Lambda tries twice more, then its OnFailure destination keeps the
delivery. Everything else is acknowledged, because it is kept.
"""

import time
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from functions.adapters.aws import s3_client, sqs_client
from functions.adapters.message_queue import MessageQueue
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import Telemetry
from functions.metering.configuration.deployed_sources import ConfigurationReader, read_deployed
from functions.metering.configuration.stored import ConfigurationSource
from functions.metering.declared_source import DeclaredSource
from functions.metering.intake import Intake
from functions.metering.metered_again import AUDIT
from functions.metering.quarantine import QuarantineBucket
from functions.metering.settings import MeteringSettings, customer_header
from functions.metering.source_list import asks_for_sources, source_list

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(payload: object, context: "LambdaContext") -> dict[str, object]:
    """AWS Lambda's entry point. CloudWatch Logs ignores the answer; replay reads it."""
    wired = _wired()
    try:
        if asks_for_sources(payload):
            return source_list(wired.terms.current(), wired.terms.since)
        if isinstance(payload, dict) and AUDIT in payload:
            return _account(payload, context.log_group_name, wired)
        return wired.intake.take(payload, context.log_group_name).answer()
    finally:
        wired.telemetry.flush()


class Wired(NamedTuple):
    """What lives as long as the process."""

    source: DeclaredSource
    intake: Intake
    terms: ConfigurationSource
    telemetry: Telemetry


@cache
def _wired() -> Wired:
    settings = read_settings(MeteringSettings)
    telemetry = Telemetry("metering")
    s3 = s3_client()
    terms = ConfigurationSource(
        s3,
        settings.configuration_bucket,
        settings.configuration_key,
        telemetry=telemetry,
        clock=time.monotonic,
        reader=ConfigurationReader(read_deployed(settings.deployed_sources)),
    )
    source = DeclaredSource(
        settings.aws_region, tenant_header=customer_header(settings.tenant_header)
    )
    intake = Intake(
        source=source,
        terms=terms,
        keeper=QuarantineBucket(s3, settings.quarantine_bucket),
        queue=MessageQueue(sqs_client(), settings.usage_queue_url),
        telemetry=telemetry,
        now_ms=_now_ms,
    )
    return Wired(source, intake, terms, telemetry)


def _account(payload: object, own_log_group: str, wired: Wired) -> dict[str, object]:
    # At the first audit: no other cold start pays for its modules.
    from functions.metering.accounting import Accounting  # noqa: PLC0415

    return Accounting(wired.source, wired.terms, _now_ms).answer(payload, own_log_group)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
