"""The audit's count, on a schedule and outside the VPC: each window of each source's log comes in,
when its deliveries have come; where each of its requests is leaves, as a record in the ledger's
bucket and as metrics.

It reads the log, the ledger and the quarantine, and sends nothing: what is missing is metered again
by the state machine, which it starts.
"""

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from functions.adapters.aws import stepfunctions_client
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import Telemetry
from functions.audit.another_window import AnotherWindow
from functions.audit.assembly import Assembly
from functions.audit.counting import Counting
from functions.audit.due_windows import WindowPlan
from functions.audit.repair_start import RepairStart
from functions.audit.settings import CountSettings
from functions.audit.shard_start import shard_of, start_shards
from functions.audit.watched_source import watched_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext


class _Wired(NamedTuple):
    """What stays between invocations."""

    metering: str
    plan: WindowPlan
    assembly: Assembly
    repairs: RepairStart
    telemetry: Telemetry

    def counting(self, now: datetime, shard: int | None) -> Counting:
        return Counting(
            lambda: watched_sources(self.assembly.lambdas, self.metering),
            self.assembly.store,
            self.assembly.comparing(now),
            self.repairs,
            self.plan,
            self.telemetry,
            shard,
        )


def handler(asked: object, context: "LambdaContext") -> "Mapping[str, object]":
    """AWS Lambda's entry point."""
    wired, now, shard = _wired(), datetime.now(UTC), shard_of(asked)
    if wired.plan.shards > 1 and shard is None:
        lambdas, ours = wired.assembly.lambdas, context.invoked_function_arn
        return start_shards(lambdas, ours, wired.plan.shards)
    try:
        another = AnotherWindow(context.get_remaining_time_in_millis, wired.plan.shards)
        return wired.counting(now, shard).run(now, another.has_time)
    finally:
        wired.telemetry.flush()


@cache
def _wired() -> _Wired:
    settings = read_settings(CountSettings)
    return _Wired(
        metering=settings.metering_function_arn,
        plan=settings.plan,
        assembly=Assembly.of(settings),
        repairs=RepairStart(stepfunctions_client(), settings.audit_state_machine_arn),
        telemetry=Telemetry("audit-count"),
    )
