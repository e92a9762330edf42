"""A batch from SettledUsageQueue -> what was counted and carried out, and which messages come back.

Guaranteed: a message is done only when all it says is in the counters. Nothing is undone: whatever
is tried again finds that it was already done (architecture.md 3).
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from functions.adapters.telemetry import (
    COMMAND_APPLIED,
    COMMAND_REFUSED,
    COMMANDS_CARRIED_OUT,
    MESSAGE_REFUSED,
    Telemetry,
)
from functions.reconciliation.closed_usage import stall_of_closed
from functions.reconciliation.command_executor import CommandExecutor
from functions.reconciliation.commands import Command
from functions.reconciliation.counters.rollback import RollbackGuard
from functions.reconciliation.counters.usage_counters import CounterBatch, Counters
from functions.reconciliation.heartbeats import HeartbeatReader
from functions.reconciliation.inbox import CommandList, Heartbeat, RefusedBody, Stall, read_body
from functions.reconciliation.settling import MINUTE_MS, SortedUsage, epoch_minute, sort_settled
from functions.usage.errors import Permanent, Retryable
from functions.usage.freshness import seconds_since
from functions.usage.metric import Metric

if TYPE_CHECKING:
    from functions.usage.message import SettledUsage

COUNTERS_UNREACHABLE = "counters.unreachable"
# Half of the function's timeout: a batch of a large tenant's rebuild may take longer. What is not
# begun by then comes back; a function that is ended in the middle gets all of it back.
CARRYING_OUT_MS = 30_000


class Reconciliation(NamedTuple):
    """The stop, wired. `clock` gives epoch milliseconds."""

    counters: Counters
    commands: CommandExecutor
    hearing: HeartbeatReader
    rollback: RollbackGuard
    telemetry: Telemetry
    horizon: timedelta
    clock: Callable[[], int]

    def take(self, records: Sequence[Mapping[str, str]]) -> list[str]:
        """The ids of the messages that are not done, in the order of `records`."""
        # First: a rebuild's `open` in this batch must come after a withdrawal, not before it.
        self.rollback.look()
        settled: list[tuple[str, list[SettledUsage]]] = []
        commands: list[tuple[str, Command]] = []
        lists: list[tuple[str, CommandList]] = []
        heartbeats: list[tuple[str, Heartbeat]] = []
        stalls: list[tuple[str, Stall]] = []
        failed: set[str] = set()
        for record in records:
            message_id = record["messageId"]
            match read_body(record["body"]):
                case RefusedBody() as refused:
                    # It fails until its receives are used up: CounterDeadLetterQueue keeps it.
                    self._refuse(message_id, refused)
                    failed.add(message_id)
                case list() as usages:
                    settled.append((message_id, usages))
                case Heartbeat() as heartbeat:
                    heartbeats.append((message_id, heartbeat))
                case Stall() as stall:
                    stalls.append((message_id, stall))
                case CommandList() as listed:
                    lists.append((message_id, listed))
                case command:
                    commands.append((message_id, command))
        until_ms = self.clock() + CARRYING_OUT_MS
        failed |= self._carry_out(commands, until_ms)
        unsettled, closed = self._settle(sort_settled(settled, self.clock(), self.horizon))
        failed |= unsettled
        # Of a closed hour: not in the count yet, and no heartbeat may say so.
        uncounted = stall_of_closed(closed, self.hearing.passed_ms(), self.clock())
        failed |= self.hearing.hold_back(stalls, _oldest(settled, unsettled), uncounted)
        # A heartbeat promises that the usage before it is counted: it waits with what is not.
        failed |= self.hearing.hear(heartbeats, is_settled=not unsettled)
        # Last: what an operator states of thousands waits for usage, and not the other way.
        failed |= self._carry_out(lists, until_ms)
        return [record["messageId"] for record in records if record["messageId"] in failed]

    def _carry_out(
        self, commands: Iterable[tuple[str, Command | CommandList]], until_ms: int
    ) -> set[str]:
        failed: set[str] = set()
        is_reachable = True
        for message_id, command in commands:
            is_in_time = self.clock() < until_ms
            try:
                if is_reachable and is_in_time and self._carried_out(message_id, command):
                    continue
            except Retryable as error:
                # The others wait with it: each would only wait for the same server.
                is_reachable = False
                self.telemetry.log.warning(COUNTERS_UNREACHABLE, fault=str(error))
            failed.add(message_id)
        return failed

    def _carried_out(self, message_id: str, command: Command | CommandList) -> bool:
        if isinstance(command, CommandList):
            return self._list_carried_out(message_id, command)
        try:
            is_new = self.commands.carry_out(command)
        except Permanent as error:
            self._refuse(message_id, RefusedBody(is_command=True, fault=str(error)))
            return False
        # A superseded command is done: a later one stands.
        self.telemetry.count(
            Metric.COMMANDS_APPLIED, reason=command.kind if is_new else "superseded"
        )
        self.telemetry.log.info(COMMAND_APPLIED, kind=command.kind, is_new=is_new)
        return True

    def _list_carried_out(self, message_id: str, listed: CommandList) -> bool:
        """The good ones are in force, whatever the others are. With one that is refused the message
        fails as a refused command does, and is kept: what it states again changes nothing.
        """
        answers = self.commands.carry_out_all(listed.commands)
        faults = [*listed.faults]
        reasons: Counter[str] = Counter()
        for command, answer in zip(listed.commands, answers, strict=True):
            if isinstance(answer, Permanent):
                faults.append(f"{command.kind}: {answer}")
            elif not isinstance(answer, Retryable):
                reasons[command.kind if answer else "superseded"] += 1
        for fault in faults:
            self._refuse(message_id, RefusedBody(is_command=True, fault=fault))
        for reason, times in reasons.items():
            self.telemetry.count(Metric.COMMANDS_APPLIED, times, reason=reason)
        self.telemetry.log.info(COMMANDS_CARRIED_OUT, commands=dict(reasons))
        for answer in answers:
            if isinstance(answer, Retryable):
                raise answer
        return not faults

    def _settle(self, settled: SortedUsage) -> tuple[set[str], list[CounterBatch]]:
        """The messages that were not counted, and what had usage of hours that are closed."""
        failed: set[str] = set()
        closed: list[CounterBatch] = []
        counted: list[str] = []
        faults: set[str] = set()
        outcomes = self.counters.settle([batch.settlement for batch in settled.batches])
        for batch, outcome in zip(settled.batches, outcomes, strict=True):
            if isinstance(outcome, Retryable):
                failed |= batch.messages
                faults.add(str(outcome))
                continue
            if outcome.closed:
                closed.append(batch.settlement)
            if outcome.fresh or outcome.closed:
                # With what was counted before, if anything of the batch was new: the script says
                # how many, and not which. Of a closed hour, the next closing follows soon.
                counted += batch.occurred_at
            repeated = len(batch.settlement.marks) - outcome.fresh - outcome.closed
            self.telemetry.count(Metric.EVENTS_COUNTED, outcome.fresh)
            self.telemetry.count(Metric.EVENTS_NOT_COUNTED, repeated, reason="counted_before")
            # Not lost: the ledger has them, and so has the hour's next closing.
            self.telemetry.count(Metric.EVENTS_NOT_COUNTED, outcome.closed, reason="hour_is_closed")
        waited = seconds_since(counted, self.clock())
        self.telemetry.spread(Metric.REQUEST_TO_COUNTED, waited)
        for fault in faults:
            self.telemetry.log.warning(COUNTERS_UNREACHABLE, fault=fault)
        self._count_the_rest(settled)
        return failed, closed

    def _count_the_rest(self, settled: SortedUsage) -> None:
        for reason, times in settled.changes_nothing.items():
            self.telemetry.count(Metric.EVENTS_NOT_COUNTED, times, reason=reason)
        self.telemetry.count(Metric.EVENTS_ROUNDED_UP, settled.rounded_up)

    def _refuse(self, message_id: str, refused: RefusedBody) -> None:
        is_command = refused.is_command
        event = COMMAND_REFUSED if is_command else MESSAGE_REFUSED
        self.telemetry.count(Metric.COMMANDS_REFUSED if is_command else Metric.MESSAGES_REFUSED)
        self.telemetry.log.error(event, message_id=message_id, fault=refused.fault)


def _oldest(
    settled: Iterable[tuple[str, Sequence["SettledUsage"]]], unsettled: Container[str]
) -> int | None:
    """The time of the oldest usage that could not be counted, epoch milliseconds; None: all was."""
    uncounted = (one for message_id, usages in settled if message_id in unsettled for one in usages)
    minutes = (epoch_minute(one["occurredAt"]) for one in uncounted)
    return min((minute * MINUTE_MS for minute in minutes if minute is not None), default=None)
