"""A round's result comes in; what the state machine, the log and the metrics are told leaves."""

from typing import Any

from functions.adapters.telemetry import REPLAY_ROUND, Telemetry
from functions.replay.chain import execution_name
from functions.replay.progress import RoundTask
from functions.replay.round_decision import RoundOutcome, RoundResult
from functions.usage.metric import Metric


def answer_of(task: RoundTask, result: RoundResult) -> dict[str, Any]:
    """Counts only: bodies of messages never pass through state. `next` is the execution that what
    remains is handed on to.
    """
    is_handed_on = result.outcome is RoundOutcome.HAND_ON
    number = result.progress.executions_before + 1
    return {
        "outcome": result.outcome,
        "waitSeconds": result.wait_seconds,
        "trouble": result.trouble,
        "next": execution_name(task.replay_id, number) if is_handed_on else "",
        "progress": result.progress.model_dump(mode="json", by_alias=True, exclude_none=True),
    }


def tell(telemetry: Telemetry, task: RoundTask, result: RoundResult) -> None:
    """One log line, and the count of what was moved."""
    told = {**answer_of(task, result), "replay_id": task.replay_id, "dry_run": task.order.dry_run}
    told["progress"] = {name: value for name, value in told["progress"].items() if value}
    made = result.made
    if made is not None:
        moved = made.moved
        told |= {"move_id": made.move_id, "messages": moved.messages, "events": moved.events}
    telemetry.report(REPLAY_ROUND, **told)
    if made is not None and not task.order.dry_run:
        telemetry.count(Metric.EVENTS_REPLAYED, made.moved.events)
    telemetry.flush()
