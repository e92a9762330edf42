"""The comparison, wired to the services of AWS: what the count and the state machine's steps share.

What is remembered between invocations (the pace of CloudWatch Logs, what objects of the quarantine
hold) is remembered here; what must be asked anew, once for each invocation, is the road.
"""

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Self

from functions.adapters.aws import (
    cloudwatch_client,
    lambda_client,
    logs_client,
    s3_client,
    sqs_client,
)
from functions.adapters.ledger import Ledger
from functions.audit.comparison.comparing import Comparing
from functions.audit.comparison.kept_lines import KeptLines
from functions.audit.comparison.road import Road
from functions.audit.comparison.settled import SettledUsageReader
from functions.audit.log.log_pace import LogPace, calls_a_second
from functions.audit.log.log_window import LogWindows
from functions.audit.log.metering_account import ACCOUNT_SECONDS, MeteringAccount
from functions.audit.settings import AuditSettings
from functions.audit.window_store import WindowStore

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient


class Assembly(NamedTuple):
    """Of one process, which makes each client once: it is a good part of a cold start."""

    s3: "S3Client"
    sqs: "SQSClient"
    logs: "CloudWatchLogsClient"
    lambdas: "LambdaClient"
    ledger: Ledger
    log: LogWindows
    metering: MeteringAccount
    settled: SettledUsageReader
    quarantine: KeptLines
    road: Road
    store: WindowStore

    @classmethod
    def of(cls, settings: AuditSettings) -> Self:
        """Of this stack. Each shard has a process of the count at the same time."""
        rates = calls_a_second(settings.aws_region, settings.audit_shards)
        s3, sqs, logs, lambdas = (
            s3_client(),
            sqs_client(),
            logs_client(),
            lambda_client(ACCOUNT_SECONDS),
        )
        metering, ledger = settings.metering_function_arn, Ledger(s3, settings.ledger_bucket)
        return cls(
            s3=s3,
            sqs=sqs,
            logs=logs,
            lambdas=lambdas,
            ledger=ledger,
            log=LogWindows(logs, LogPace(rates=rates, phase=random.random)),
            metering=MeteringAccount(lambdas, metering, metering.split(":")[4]),
            settled=SettledUsageReader(ledger, timedelta(seconds=settings.dedup_window_seconds)),
            quarantine=KeptLines(s3, settings.quarantine_bucket),
            road=Road.of(
                sqs,
                cloudwatch_client(),
                usage_queue_url=settings.usage_queue_url,
                metering_function_arn=metering,
                hold_seconds=settings.hold_seconds,
            ),
            store=WindowStore(s3, settings.ledger_bucket),
        )

    def comparing(self, now: datetime) -> Comparing:
        """For one invocation, which began at `now`."""

        @cache  # an older answer is clear for fewer windows, never for one too many
        def clear_until() -> datetime:
            return self.road.clear_until(now)

        return Comparing(
            log=self.log,
            metering=self.metering,
            settled=self.settled,
            quarantine=self.quarantine,
            clear_until=clear_until,
            now=lambda: datetime.now(UTC),
        )
