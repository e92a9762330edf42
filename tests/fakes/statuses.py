"""The status of a deployment in which nothing is wrong, and changes of it."""

from typing import Any

from functions.operator.status.queue_statuses import QUEUES
from functions.operator.status.stack_status import (
    AlarmStatus,
    ForwarderStatus,
    QueueStatus,
    RunStatus,
    StackStatus,
)

AT = "2026-11-29T03:00:00.000Z"
WORKED = ForwarderStatus(AT, 2, None, {"EventsConfirmed": 2})


def status(**changes: Any) -> StackStatus:
    """Calm, unless changed."""
    calm: dict[str, Any] = {
        "place": "stack aforo-metering",
        "region": "eu-central-1",
        "taken_at": AT,
        "queues": tuple(QueueStatus(name, 0, 0) for name in QUEUES),
        "alarms": (alarm("UsageDeadLetterAlarm", "OK"),),
        "forwarder": WORKED,
        "lag_seconds": 1.5,
    }
    return StackStatus(**{**calm, **changes})


def queues(**visible: int) -> tuple[QueueStatus, ...]:
    """All of them, empty but for those named."""
    return tuple(QueueStatus(name, visible.get(name, 0), 0) for name in QUEUES)


def alarm(name: str, state: str = "ALARM") -> AlarmStatus:
    return AlarmStatus(name, state, AT, "it is 3", f"https://runbook#{name.lower()}")


def run(status: str = "SUCCEEDED", **summary: object) -> RunStatus:
    return RunStatus("one", status, AT, None if status == "RUNNING" else AT, summary)
