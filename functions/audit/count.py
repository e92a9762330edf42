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
from functions.audit.counting.another_window import AnotherWindow
from functions.audit.counting.counting import Counting
from functions.audit.counting.due_windows import WindowPlan
from functions.audit.counting.repair_start import RepairStart
from functions.audit.counting.repairs_begun import RepairsBegun
from functions.audit.counting.shard_start import shard_of, start_shards
from functions.audit.settings import CountSettings
from functions.audit.watched_source import SourceList, listed_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

# Then a window that is being read is left: what Lambda cuts tells nothing of any.
LAST_LINES_MS = 30_000


class _Wired(NamedTuple):
    """What stays between invocations."""

    metering: str
    plan: WindowPlan
    assembly: Assembly
    repairs: RepairStart
    telemetry: Telemetry

    def counting(self, now: datetime, shard: int | None, left_ms: "Callable[[], int]") -> Counting:
        comparing = self.assembly.comparing(now)._replace(
            is_time_left=lambda: left_ms() > LAST_LINES_MS
        )

        @cache  # of this invocation
        def listed() -> SourceList:
            return listed_sources(self.assembly.lambdas, self.metering)

        store = self.assembly.store
        return Counting(
            lambda: listed().sources,
            store,
            comparing,
            RepairsBegun(
                store, comparing, self.repairs, self.telemetry, lambda: listed().configured_at
            ),
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
        left_ms = context.get_remaining_time_in_millis
        another = AnotherWindow(left_ms, wired.plan.shards)
        return wired.counting(now, shard, left_ms).run(now, another.has_time)
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
