"""What the state machine, the log and the metrics are told of a round, whatever its source."""

from typing import Any

from functions.adapters.telemetry import REPLAYED, Telemetry
from functions.replay.limits import Moved, RoundTask
from functions.usage.metric import Metric
from functions.usage.moment import iso_from_epoch_ms


def answer_of(task: RoundTask, move_id: str, started_at_ms: int, moved: Moved) -> dict[str, Any]:
    """Counts only: bodies of messages never pass through state."""
    return {
        "outcome": "moved",
        "moveId": move_id,
        "startedAt": iso_from_epoch_ms(started_at_ms),
        "messages": moved.messages,
        "events": moved.events,
        "seen": moved.seen,
        "held": moved.held,
        "isQueueEmpty": moved.is_queue_empty,
        "paceSeconds": task.pace_seconds(moved.events),
    }


def tell(telemetry: Telemetry, task: RoundTask, answer: dict[str, Any]) -> None:
    """One log line and the count of a round."""
    extra = {**answer, "replay_id": task.replay_id, "dry_run": task.order.dry_run}
    telemetry.log.info(REPLAYED, extra=extra)
    if not task.order.dry_run:
        telemetry.count(Metric.EVENTS_REPLAYED, answer["events"])
        telemetry.flush()
