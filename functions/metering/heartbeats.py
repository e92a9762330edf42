"""The lines of the heartbeat's stream come in; at most one heartbeat message leaves.

Guaranteed: only a line that is exactly a heartbeat's, in the heartbeat's own stream, becomes one.
API Gateway names its streams itself, so nothing that a caller sends is ever logged there.
"""

from typing import NamedTuple

from functions.metering.log_delivery import LogDelivery
from functions.usage.heartbeat import is_ahead, read_heartbeat
from functions.usage.message import to_body


class FoundHeartbeats(NamedTuple):
    """The message to send, if there is one, and how many lines are no heartbeat."""

    bodies: list[str]
    refused: int


def read_heartbeats(delivery: LogDelivery, now_ms: int) -> FoundHeartbeats:
    """The newest heartbeat of a delivery: the older ones say nothing that it does not say."""
    times = [_time_of(log_event) for log_event in delivery.log_events]
    good = [at_ms for at_ms in times if at_ms is not None and not is_ahead(at_ms, now_ms)]
    message = {"version": 1, "heartbeatAtMs": max(good, default=0), "logGroup": delivery.log_group}
    return FoundHeartbeats([to_body(message)] if good else [], len(times) - len(good))


def _time_of(log_event: object) -> int | None:
    line = log_event.get("message") if isinstance(log_event, dict) else None
    return read_heartbeat(line) if isinstance(line, str) else None
