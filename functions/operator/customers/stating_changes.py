"""Changes -> recorded, sent, and in force: three steps, of which each may be the last.

Guaranteed: 1. all of them are in the register before the first is sent, so nothing is in force that
a rebuild would not know. Dying here, or in the middle of 2, leaves commands that are recorded and
not in force: the next apply finds and sends them. 2. Sent twice is sent once: they have versions.
3. What is waited for is that version or a greater one in the counters; where they do not answer,
all is sent all the same.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import batched
from typing import NamedTuple

from functions.operator.customers.counters_word import (
    AskInForce,
    ask_counters,
    is_api_key,
)
from functions.operator.customers.known_customers import version_of
from functions.operator.customers.stated_change import StatedChange
from functions.reconciliation.commands import StandingCommand
from functions.reconciliation.in_force import ASKED_AT_ONCE
from functions.usage.errors import UsageError
from functions.usage.message import packed, to_body

PAUSE_SECONDS = 0.3
# Ten messages, a second of reconciliation's work: usage that comes meanwhile waits no longer.
COMMANDS_ON_THEIR_WAY = 5_000


class ChangeTools(NamedTuple):
    """What changes are stated with. `tell` hears what is being done."""

    record: Callable[[Iterable[StandingCommand]], None]
    send: Callable[[Iterable[str]], int]
    ask: AskInForce
    tell: Callable[[str], None]
    pause: Callable[[], None] = lambda: time.sleep(PAUSE_SECONDS)
    clock: Callable[[], float] = time.monotonic


class Progress(NamedTuple):
    """How many changes there are, and how many of them were not sent yet."""

    changes: int
    to_come: int

    def words(self, waiting: int) -> str:
        done = self.changes - self.to_come - waiting
        return f"{done:,} of {self.changes:,} changes are in force"


def record_changes(changes: Sequence[StatedChange], tools: ChangeTools) -> list[StandingCommand]:
    """Make them durable; the commands that they are."""
    # One command may make two changes: a grant and the customer's policy.
    commands = list({id(change.command): change.command for change in changes}.values())
    tools.tell(f"recording {len(commands):,} commands")
    tools.record(commands)
    return commands


def send_changes(
    changes: Sequence[StatedChange],
    commands: Sequence[StandingCommand],
    tools: ChangeTools,
    wait_seconds: float,
) -> list[StatedChange]:
    """Send what was recorded, a part at a time: the next one when that is in force. Usage comes in
    between. Those changes leave that are not in force after so long; 0: nothing is waited for.
    """
    deadline = tools.clock() + wait_seconds
    changes_of: defaultdict[int, list[StatedChange]] = defaultdict(list)
    for change in changes:
        changes_of[id(change.command)].append(change)
    waiting: list[StatedChange] = []
    to_come = len(changes)
    for part in batched(commands, COMMANDS_ON_THEIR_WAY, strict=False):
        # Also after the deadline: all that was recorded is on its way when this ends.
        tools.send(command_bodies(part))
        sent = [change for command in part for change in changes_of[id(command)]]
        to_come -= len(sent)
        if wait_seconds:
            progress = Progress(len(changes), to_come)
            waiting = _wait_in_force([*waiting, *sent], tools, deadline, progress)
    return waiting


def command_bodies(commands: Iterable[StandingCommand]) -> Iterable[str]:
    """The messages that carry them; an SQS body holds some hundred."""
    rows = (one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in commands)
    for group in packed(rows):
        yield to_body({"kind": "commands", "commands": group})


def _wait_in_force(
    changes: Sequence[StatedChange], tools: ChangeTools, deadline: float, progress: Progress
) -> list[StatedChange]:
    """Those that are not in force at the deadline."""
    waiting = list(changes)
    while waiting:
        tools.tell(progress.words(len(waiting)))
        left = _not_in_force(waiting, tools)
        if left and tools.clock() > deadline:
            return left
        if len(left) == len(waiting):
            tools.pause()
        waiting = left
    return waiting


def _not_in_force(waiting: Sequence[StatedChange], tools: ChangeTools) -> list[StatedChange]:
    first, rest = waiting[:ASKED_AT_ONCE], waiting[ASKED_AT_ONCE:]
    keys = dict.fromkeys(one.counted_as for one in first if is_api_key(one.counted_as))
    others = dict.fromkeys(one.customer_id for one in first if not is_api_key(one.counted_as))
    try:
        word = ask_counters(tools.ask, others, keys)
    except UsageError as error:
        # The function is throttled, or the counters are away: what is not sent yet has to be.
        tools.tell(f"not known what is in force: {error}")
        return list(waiting)
    left = [
        one
        for one in first
        if word.version(one.customer_id, one.counted_as) < version_of(one.command)
    ]
    # Behind the others: one that never comes into force holds up the sight of none.
    return [*rest, *left]
