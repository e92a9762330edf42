"""An execution of the audit's state machine comes in; what it is about leaves, line by line, until
it ends: windows looked at of all, what was missing, and what it waits for.
"""

import time
from collections.abc import Callable, Iterator

from functions.audit.repair.audit_bounds import LEDGER, QUEUE, RETRY, ROAD
from functions.audit.repair.audit_order import AuditOrder
from functions.audit.repair.audit_progress import AuditProgress
from functions.operator.executions.machine_runs import MachineRuns

POLL_SECONDS = 2.0
# So often a line comes though nothing has changed.
REPEAT_SECONDS = 10.0
START = "Start the audit"
ROUND = "Run a round"
WAITED_FOR = {
    ROAD: "usage as old that is under way",
    QUEUE: "UsageQueue to become shorter",
    LEDGER: "the ledger to have what was metered again",
    RETRY: "a service that does not answer",
}


def progress_lines(
    runs: MachineRuns,
    arn: str,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[str]:
    """Each two seconds, where there is something to say."""
    began = clock()
    told, told_at = "", began
    order: AuditOrder | None = None
    while True:
        is_running = runs.is_running(arn)
        order = order or _order(runs, arn)
        line = progress_line(order, _progress(runs, arn)) if order else "it starts"
        if line != told:
            yield line
            told, told_at = line, clock()
        elif is_running and clock() - told_at >= REPEAT_SECONDS:
            yield f"{line} ... {clock() - began:.0f} s"
            told_at = clock()
        if not is_running:
            return
        sleep(POLL_SECONDS)


def progress_line(order: AuditOrder, progress: AuditProgress) -> str:
    """One round's end, in a line."""
    missing = sum(progress.requests.values())
    said = [
        f"{progress.place:,} of {order.windows:,} {'files' if order.export else 'windows'}",
        f"lines: {progress.lines:,}",
        f"requests missing: {missing:,}",
    ]
    if progress.events:
        said.append(f"events metered again: {progress.events:,}")
    if progress.waiting_for:
        what = WAITED_FOR.get(progress.waiting_for, progress.waiting_for)
        said.append(f"waits for {what}, {progress.in_a_row} s so far")
    return "; ".join(said)


def _order(runs: MachineRuns, arn: str) -> AuditOrder | None:
    started = runs.left_state(arn, START, is_first=True)
    return AuditOrder.model_validate(started["order"]) if "order" in started else None


def _progress(runs: MachineRuns, arn: str) -> AuditProgress:
    return AuditProgress.model_validate(runs.left_state(arn, ROUND).get("progress", {}))
