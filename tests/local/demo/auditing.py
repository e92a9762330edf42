"""The audit of the demo: the count is started as its schedule does it, executions of the state
machine are followed, and the records of all windows since the demo began are added up.
"""

import json
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import boto3

from functions.audit.equation import Equation, WindowRecord
from functions.audit.watched_source import watched_sources
from functions.audit.window import AuditWindow, windows_between
from functions.audit.window_store import WindowStore
from functions.usage.moment import iso_from_epoch_ms
from tests.local.cloud import QUICK_AUDIT
from tests.local.demo.executions import start_execution, wait_for_execution
from tests.local.demo.stage import DemoError, Stage
from tests.local.endpoints import Endpoints

WINDOW_MS = QUICK_AUDIT.window_seconds * 1000
DELAY_MS = QUICK_AUDIT.delay_seconds * 1000
AUDIT_SECONDS = 120.0
# A window is due 15 s after it began; the rest is for two loaded cores.
DUE_SECONDS = 60.0


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def count(endpoints: Endpoints) -> dict[str, Any]:
    """One run of AuditCountFunction: what is due is looked at, repairs are started."""
    answer = boto3.client("lambda").invoke(
        FunctionName=endpoints.functions["audit-count"], Payload=b"{}"
    )
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise DemoError(f"the audit's count failed: {told}")
    return told


def start_audit(endpoints: Endpoints, from_ms: int) -> str:
    """Of everything from then on that is due now, as a person starts it; the execution's ARN."""
    to_ms = now_ms() - DELAY_MS
    asked = {"from": iso_from_epoch_ms(from_ms), "to": iso_from_epoch_ms(to_ms - to_ms % WINDOW_MS)}
    return start_execution(endpoints.state_machines["audit"], asked)


def wait_for_audit(stage: Stage, execution: str) -> dict[str, Any]:
    """Its report."""
    output = wait_for_execution(stage, "audit", execution, AUDIT_SECONDS)
    stage.say(f"  its report: {output['reportUri']}")
    report: dict[str, Any] = output["report"]
    return report


def wait_until_due(stage: Stage, at_ms: int) -> None:
    """Until the window that holds this moment is due."""
    due_ms = at_ms - at_ms % WINDOW_MS + WINDOW_MS + DELAY_MS

    def look() -> tuple[bool, str]:
        return now_ms() >= due_ms, f"ended {QUICK_AUDIT.delay_seconds} s ago"

    stage.wait("their last window", look, DUE_SECONDS)


def wait_until_found(stage: Stage, endpoints: Endpoints, last_ms: int) -> list[str]:
    """Until the count finds something unaccounted: usage under way is held before. The ARNs of the
    executions that it started.
    """
    # What was served before is looked at while those windows are not due.
    runs = [count(endpoints)]
    wait_until_due(stage, last_ms)

    def look() -> tuple[bool, str]:
        runs.append(count(endpoints))
        seconds = (now_ms() - last_ms) / 1000
        times = runs[-1]["unaccounted"]
        seen = f"{times} requests unaccounted, {seconds:.0f} s after the last of them was served"
        return times > 0 or any(run["started"] for run in runs), seen

    stage.wait("the count, started as its schedule does it", look, DUE_SECONDS)
    machine = endpoints.state_machines["audit"].replace(":stateMachine:", ":execution:")
    return [f"{machine}:{name}" for run in runs for name in run["started"]]


def wait_until_nothing_is_lost(stage: Stage, endpoints: Endpoints) -> None:
    """Until the count says so."""

    def look() -> tuple[bool, str]:
        times = count(endpoints)["unaccounted"]
        return times == 0, f"{times} requests unaccounted"

    stage.wait("the count again", look, DUE_SECONDS)


@dataclass(frozen=True, slots=True)
class Audited:
    """The records of all windows of a range; `open_` are those that no audit has closed."""

    windows: int
    open_: int
    equation: Equation

    @classmethod
    def of(
        cls, windows: Collection[AuditWindow], known: Mapping[AuditWindow, WindowRecord]
    ) -> Self:
        """What nobody has looked at is open."""
        found = [known[window] for window in windows if window in known]
        return cls(
            windows=len(windows),
            open_=len(windows) - sum(record.equation.is_closed for record in found),
            equation=Equation.sum_of(record.equation for record in found),
        )


def audited(endpoints: Endpoints, from_ms: int, to_ms: int) -> Audited:
    """As the records say it now."""
    store = WindowStore(boto3.client("s3"), endpoints.ledger_bucket)
    windows = list(_windows(endpoints, from_ms, to_ms))
    states = {
        window: is_closed
        for source in {window.source for window in windows}
        for window, is_closed in store.states(source, windows[0].from_ms, to_ms).items()
    }
    records: dict[AuditWindow, WindowRecord] = {}
    for closed in (True, False):
        some = [window for window in windows if states.get(window) is closed]
        records |= zip(some, store.records(some, closed=closed), strict=True)
    return Audited.of(windows, records)


def wait_until_audited(stage: Stage, endpoints: Endpoints, from_ms: int, to_ms: int) -> Audited:
    """Until every window is closed; at the limit the table says that it is not."""

    def look() -> tuple[bool, str]:
        count(endpoints)
        found = audited(endpoints, from_ms, to_ms)
        return not found.open_, f"{found.windows - found.open_} of {found.windows} windows closed"

    with suppress(DemoError):
        stage.wait("the count, until all windows are due", look, DUE_SECONDS)
    return audited(endpoints, from_ms, to_ms)


def _windows(endpoints: Endpoints, from_ms: int, to_ms: int) -> Iterator[AuditWindow]:
    sources = watched_sources(boto3.client("lambda"), endpoints.functions["metering"])
    for source in sources:
        yield from windows_between(
            source.name, from_ms - from_ms % WINDOW_MS, to_ms, seconds=QUICK_AUDIT.window_seconds
        )
