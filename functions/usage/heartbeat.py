"""The heartbeat: a line that walks from a log group to the counters, so that the lag is known.

The reconcile state machine puts the line into each metered log group every minute; metering makes
a usage message of it, the forwarder hands that on when Aforo takes usage, reconciliation writes its
time into the watermark, and the authorizer's headroom grows with the watermark's age
(architecture.md, The heartbeat). A heartbeat is no usage: it is never posted, billed, set aside
or put into the ledger.
"""

import re
from typing import Literal, ReadOnly, TypedDict

from functions.usage.shape import shape_of

# A stream of its own, to which no request is ever logged: a line elsewhere is no heartbeat.
HEARTBEAT_STREAM = "aforo-heartbeat"

# As far as Aforo lets a clock run ahead (aforo-contract.md 1.1.6). A time beyond it would say that
# nothing is late, for so long.
AHEAD_MS = 5 * 60 * 1000

_LINE = re.compile(r'\{"aforoHeartbeatMs":([0-9]{13})\}')


class HeartbeatMessage(TypedDict):
    """An SQS body of UsageQueue and, unchanged, of SettledUsageQueue."""

    version: ReadOnly[Literal[1]]
    heartbeatAtMs: ReadOnly[int]  # when the line was put, epoch milliseconds
    logGroup: ReadOnly[str]


HEARTBEAT_MESSAGE = shape_of(HeartbeatMessage)


def heartbeat_line(at_ms: int) -> str:
    """The log line of a heartbeat put at `at_ms`, epoch milliseconds."""
    return f'{{"aforoHeartbeatMs":{at_ms}}}'


def read_heartbeat(line: str) -> int | None:
    """When a heartbeat's line was put, epoch milliseconds; None: the line is no heartbeat."""
    found = _LINE.fullmatch(line.strip())
    return int(found[1]) if found else None


def is_ahead(at_ms: int, now_ms: int) -> bool:
    """Whether a heartbeat's time cannot be true: it is refused wherever it is met."""
    return at_ms > now_ms + AHEAD_MS
