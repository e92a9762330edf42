"""Changes -> recorded, sent, and in force: three steps, of which each may be the last.

Guaranteed: 1. all of them are in the register before the first is sent, so nothing is in force that
a rebuild would not know. Dying here, or in the middle of 2, leaves commands that are recorded and
not in force: the next apply finds and sends them. 2. Sent twice is sent once: they have versions.
3. What is waited for is that version or a greater one in the counters.
"""

import time
from collections.abc import Callable, Iterable, Sequence
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
from functions.usage.message import packed, to_body

PAUSE_SECONDS = 0.3


class ChangeTools(NamedTuple):
    """What changes are stated with. `tell` hears what is being done."""

    record: Callable[[Iterable[StandingCommand]], None]
    send: Callable[[Iterable[str]], int]
    ask: AskInForce
    tell: Callable[[str], None]
    pause: Callable[[], None] = lambda: time.sleep(PAUSE_SECONDS)
    clock: Callable[[], float] = time.monotonic


def state_changes(changes: Sequence[StatedChange], tools: ChangeTools) -> int:
    """Record and send them; how many commands that were."""
    # One command may make two changes: a grant and the customer's policy.
    commands = list({id(change.command): change.command for change in changes}.values())
    tools.tell(f"recording {len(commands):,} commands")
    tools.record(commands)
    tools.tell(f"sending {len(commands):,} commands")
    tools.send(command_bodies(commands))
    return len(commands)


def command_bodies(commands: Iterable[StandingCommand]) -> Iterable[str]:
    """The messages that carry them; an SQS body holds some hundred."""
    rows = (one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in commands)
    for group in packed(rows):
        yield to_body({"kind": "commands", "commands": group})


def wait_in_force(
    changes: Sequence[StatedChange], tools: ChangeTools, wait_seconds: float
) -> list[StatedChange]:
    """Those that are not in force after so long."""
    waiting, deadline = list(changes), tools.clock() + wait_seconds
    while waiting:
        tools.tell(f"{len(changes) - len(waiting):,} of {len(changes):,} changes are in force")
        left = _not_in_force(waiting, tools)
        if len(left) == len(waiting):
            if tools.clock() > deadline:
                break
            tools.pause()
        waiting = left
    return waiting


def _not_in_force(waiting: Sequence[StatedChange], tools: ChangeTools) -> list[StatedChange]:
    first, rest = waiting[:ASKED_AT_ONCE], waiting[ASKED_AT_ONCE:]
    keys = dict.fromkeys(one.counted_as for one in first if is_api_key(one.counted_as))
    others = dict.fromkeys(one.customer_id for one in first if not is_api_key(one.counted_as))
    word = ask_counters(tools.ask, others, keys)
    left = [
        one
        for one in first
        if word.version(one.customer_id, one.counted_as) < version_of(one.command)
    ]
    # Behind the others: one that never comes into force holds up the sight of none.
    return [*rest, *left]
