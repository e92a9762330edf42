"""The stall: what a stop cannot pass on says so, since a heartbeat that another process passes on
cannot know of it.

Metering tells of a delivery that failed and waits for Lambda's next try, the forwarder of usage
that it holds. A stall walks to the counters as a heartbeat does, but waits for nothing; until it is
over, the watermark is no younger than the usage that it speaks of (architecture.md, The heartbeat).
"""

from collections.abc import Iterable
from typing import Literal, ReadOnly, TypedDict

from functions.usage.message import to_body
from functions.usage.shape import shape_of

# What is older when it reaches us was late already, and heartbeats passed it: the log's delivery is
# no road of ours, and a replay brings what is weeks old.
LATE_ARRIVAL_MS = 15 * 60 * 1000
STALL_FIELD = '"stalledSinceMs"'


class StallMessage(TypedDict):
    """An SQS body of UsageQueue and, unchanged, of SettledUsageQueue. Times are epoch
    milliseconds: of the oldest usage that waits, and by when it is counted or has said so again.
    """

    version: ReadOnly[Literal[1]]
    stalledSinceMs: ReadOnly[int]
    stalledUntilMs: ReadOnly[int]


STALL_MESSAGE = shape_of(StallMessage)


def stalled_since(moments_ms: Iterable[int], arrived_ms: int) -> int:
    """The time of the oldest of some usage that reached us at `arrived_ms`."""
    return max(min(moments_ms, default=arrived_ms), arrived_ms - LATE_ARRIVAL_MS)


def both(one: StallMessage | None, other: StallMessage | None) -> StallMessage | None:
    """One stall that says what two say, as far as there are any."""
    if one is None or other is None:
        return one or other
    return both_of(one, other)


def both_of(one: StallMessage, other: StallMessage) -> StallMessage:
    """One stall that says what two say."""
    return {
        "version": 1,
        "stalledSinceMs": min(one["stalledSinceMs"], other["stalledSinceMs"]),
        "stalledUntilMs": max(one["stalledUntilMs"], other["stalledUntilMs"]),
    }


def stall_body(stall: StallMessage) -> str:
    return to_body(stall)
