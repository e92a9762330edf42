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
from functions.audit.assembly import Assembly
from functions.audit.counting import Counting
from functions.audit.due_windows import WindowPlan
from functions.audit.reading_time import ReadingTime
from functions.audit.repair_start import RepairStart
from functions.audit.settings import CountSettings
from functions.audit.watched_source import watched_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

# Then no window is begun any more: one takes seconds, and what it found is still to be told.
LAST_WINDOW_MS = 60_000


class _Wired(NamedTuple):
    """What stays between invocations."""

    metering: str
    plan: WindowPlan
    assembly: Assembly
    repairs: RepairStart
    telemetry: Telemetry

    def counting(self, now: datetime, reading_time: ReadingTime) -> Counting:
        return Counting(
            lambda: watched_sources(self.assembly.lambdas, self.metering),
            self.assembly.store,
            self.assembly.comparing(now),
            self.repairs,
            self.plan,
            self.telemetry,
            reading_time,
        )


def handler(_asked: object, context: "LambdaContext") -> "Mapping[str, object]":
    """AWS Lambda's entry point."""
    wired, now = _wired(), datetime.now(UTC)
    try:
        left_ms = context.get_remaining_time_in_millis
        return wired.counting(now, ReadingTime(left_ms)).run(
            now, lambda: left_ms() > LAST_WINDOW_MS
        )
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
