"""Metering: a CloudWatch Logs subscription payload comes in; usage messages and quarantine objects
leave.

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
from functions.metering.configuration.stored import ConfigurationSource
from functions.metering.declared_source import DeclaredSource
from functions.metering.intake import Intake
from functions.metering.quarantine import QuarantineBucket
from functions.metering.settings import MeteringSettings, customer_header

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(payload: object, context: "LambdaContext") -> dict[str, object]:
    """AWS Lambda's entry point. CloudWatch Logs ignores the answer; replay reads it."""
    wired = _wired()
    try:
        return wired.intake.take(payload, context.log_group_name).answer()
    finally:
        wired.telemetry.flush()


class Wired(NamedTuple):
    """What lives as long as the process."""

    intake: Intake
    telemetry: Telemetry


@cache
def _wired() -> Wired:
    settings = read_settings(MeteringSettings)
    telemetry = Telemetry("metering")
    s3 = s3_client()
    intake = Intake(
        source=_source(settings),
        terms=ConfigurationSource(
            s3,
            settings.configuration_bucket,
            settings.configuration_key,
            telemetry=telemetry,
            clock=time.monotonic,
        ),
        keeper=QuarantineBucket(s3, settings.quarantine_bucket),
        queue=MessageQueue(sqs_client(), settings.usage_queue_url),
        telemetry=telemetry,
        now_ms=lambda: time.time_ns() // 1_000_000,
    )
    return Wired(intake, telemetry)


def _source(settings: MeteringSettings) -> DeclaredSource:
    return DeclaredSource(
        settings.aws_region,
        execution_log_groups=settings.execution_log_group_names,
        tenant_header=customer_header(settings.tenant_header),
    )
