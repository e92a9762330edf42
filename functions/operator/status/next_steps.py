"""How a deployment is comes in; what a person does next leaves: a command for each thing that is
wrong, money first. Pure.
"""

from collections.abc import Iterator
from typing import NamedTuple

from functions.forwarder.holding import CLASS_OF_REASON
from functions.operator.status.queue_statuses import (
    COUNTER_DEAD_LETTERS,
    USAGE,
    USAGE_DEAD_LETTERS,
)
from functions.operator.status.stack_status import ForwarderStatus, RunStatus, StackStatus
from functions.usage.metric import Metric
from functions.usage.outcome import SetAsideClass

_PROGRAM = "aforo-metering"
_ENDED_WELL = frozenset({"SUCCEEDED", "RUNNING"})


class NextStep(NamedTuple):
    """`command` is whole, with the option that names the deployment."""

    why: str
    command: str


def next_steps(status: StackStatus, stack: str | None) -> tuple[NextStep, ...]:
    """`stack` as `--stack` gives it; None is the local cloud. Empty: there is nothing to do."""
    option = f" --stack {stack}" if stack else ""
    return tuple(
        NextStep(why, f"{_PROGRAM} {command}{option}")
        for each in (_set_aside, _waiting, _quarantined, _not_counted, _failed, _open_windows)
        for why, command in each(status)
    )


def _set_aside(status: StackStatus) -> Iterator[NextStep]:
    """A replay goes through the queue, and leaves what a person must decide."""
    letters, replay = status.queue(USAGE_DEAD_LETTERS).messages, status.last_replay
    if replay and replay.is_running:
        yield NextStep("a replay is running", f"replay follow {replay.name}")
    elif letters:
        yield NextStep(f"{_messages(letters)} set aside, not billed", "replay start --dry-run")
    for name in (SetAsideClass.AMBIGUOUS, SetAsideClass.POISON):
        if number := status.kept.set_aside_by_class.get(name.value, 0):
            yield NextStep(
                f"{_messages(number)} of class {name.value}: a person decides",
                f"message list --class {name.value}",
            )


def _waiting(status: StackStatus) -> Iterator[NextStep]:
    """Nothing is lost meanwhile; what waits too long is set aside. Heartbeats wait, too: only what
    the forwarder says of events tells that it is usage.
    """
    last = status.forwarder
    if last and last.stopped and status.queue(USAGE).messages and _holds_events(last):
        yield _wait_or_mend(last.stopped)


def _wait_or_mend(reason: str) -> NextStep:
    """Aforo comes back by itself; a key, a parameter and an answer against the contract do not."""
    waiting = f"usage waits for Aforo ({reason})"
    match CLASS_OF_REASON.get(reason):
        case SetAsideClass.AUTH:
            cure = "mend the key or the parameter, docs/how-to/rotate-the-key.md"
            return NextStep(f"{waiting}, and a person: {cure}", "logs forwarder --last 5")
        case SetAsideClass.AMBIGUOUS:
            return NextStep(f"{waiting}: ask Aforo's support", "logs forwarder --last 5")
        case _:
            return NextStep(f"{waiting}; it is sent when Aforo answers", "status --watch 5")


def _holds_events(last: ForwarderStatus) -> bool:
    return any(name.partition(":")[0] == Metric.EVENTS_HELD for name in last.outcomes)


def _quarantined(status: StackStatus) -> Iterator[NextStep]:
    if objects := status.kept.quarantined_objects:
        yield NextStep(
            f"{objects} objects quarantined, not billed",
            "replay start --source quarantine --dry-run",
        )


def _not_counted(status: StackStatus) -> Iterator[NextStep]:
    if letters := status.queue(COUNTER_DEAD_LETTERS).messages:
        yield NextStep(
            f"{_messages(letters)} not counted: quotas are wrong, bills are right",
            "message list --queue counters",
        )


def _failed(status: StackStatus) -> Iterator[NextStep]:
    for kind, run in (("replay", status.last_replay), ("audit", status.last_audit)):
        if run and _ended_badly(run):
            yield NextStep(f"the last {kind} ended as {run.status}", f"{kind} follow {run.name}")


def _ended_badly(run: RunStatus) -> bool:
    return run.status not in _ENDED_WELL or bool(run.summary.get("trouble"))


def _open_windows(status: StackStatus) -> Iterator[NextStep]:
    """A window is open for some minutes while its usage is on its way: that is no trouble."""
    if status.audited and (missing := status.audited.requests.get("unaccounted", 0)):
        yield NextStep(f"{missing} requests of the log are unaccounted for", "audit show")


def _messages(number: int) -> str:
    return "1 message" if number == 1 else f"{number} messages"
