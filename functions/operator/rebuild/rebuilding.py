"""Counters that were lost -> counters that are right again, from the register and the ledger.

Guaranteed: the counters are opened last, when every part has been carried out; stopped anywhere
before that they stay UNKNOWN, and another rebuild may start (every command is idempotent, greatest
version wins). Traffic may go on meanwhile: what is settled now is counted once, whoever is first.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import batched, count
from typing import NamedTuple

from functions.adapters.ledger import hour_prefix
from functions.reconciliation.command_executor import grant_at
from functions.reconciliation.commands import (
    CloseCommand,
    GrantCommand,
    OpenCommand,
    RebuildCommand,
    RevocationCommand,
    StandingCommand,
    body_of,
)
from functions.reconciliation.due_hours import newest_over
from functions.reconciliation.ledger_hours import HoursRead, SumHour, hour_text, read_hours
from functions.usage.ledger_row import LedgerRow, settled_usage
from functions.usage.message import SettledMessage, packed, to_body
from functions.usage.moment import HOUR_MS
from functions.usage.period import Period, Recurrence

HOURS_READ_AT_ONCE = 24


class Tools(NamedTuple):
    """What a rebuild works with. `rows` gives those of an hour's prefix, `sum_up` the sums of an
    hour that is over; `clock` gives epoch milliseconds; `parts_done` says how many parts of the
    rebuild of a version have been carried out; `say` tells a person.
    """

    register: Callable[[], Iterable[StandingCommand]]
    rows: Callable[[str], Iterable[LedgerRow]]
    sum_up: SumHour
    send: Callable[[Iterable[str]], int]
    parts_done: Callable[[int], int]
    say: Callable[[str], None]
    clock: Callable[[], int]
    pause: Callable[[], None]


class Rebuild:
    """One rebuild. Nothing is sent unless `is_sending`: a dry run reads and says the same."""

    def __init__(self, tools: Tools, *, is_sending: bool) -> None:
        self._tools = tools
        self._is_sending = is_sending
        self.version = tools.clock()
        self._parts = count()
        self.sent = 0  # parts

    def run(self, since_hour: int | None, wait_ms: int) -> bool:
        """True: the counters are open again (or a dry run has said all). False: not every part was
        carried out within `wait_ms` of the last one; they are not opened.
        """
        standing = self._standing()
        self._send_parts(standing)
        now_ms = self._tools.clock()
        newest = newest_over(now_ms)
        self._close(range(_first_hour(standing, now_ms, since_hour), newest + 1))
        self._count_open_hours(range(newest + 1, now_ms // HOUR_MS + 1))
        if not self._is_sending:
            self._tools.say("dry run: nothing was sent; add --yes to do it")
            return True
        if not self._carried_out(self._tools.clock() + wait_ms):
            return False
        # Last: until now every decision was UNKNOWN, and now nothing is missing.
        self._tools.send([body_of(OpenCommand(version=self._tools.clock()))])
        self._tools.say("the counters are open")
        return True

    def _standing(self) -> list[StandingCommand]:
        now_ms = self._tools.clock()
        found = [each for each in self._tools.register() if not _is_past(each, now_ms)]
        kinds = Counter(each.kind for each in found)
        listed = ", ".join(f"{kind} {times}" for kind, times in sorted(kinds.items()))
        self._tools.say(f"register: {len(found)} commands ({listed or 'it is empty'})")
        return found

    def _close(self, hours: Sequence[int]) -> None:
        if not hours:
            return
        self._tools.say(f"ledger: {hour_text(hours[0])} to {hour_text(hours[-1])} (UTC)")
        for group in batched(hours, HOURS_READ_AT_ONCE, strict=False):
            found = read_hours(group, self._tools.sum_up, self._tools.clock)
            self._say_read(group, found)
            self._send_parts(list(found.commands()))

    def _say_read(self, hours: Sequence[int], found: HoursRead) -> None:
        if not found.sums and not found.left_out:
            return  # days before the first customer say nothing
        left_out = f", {found.left_out} rows left out" if found.left_out else ""
        who = len(found.sums)
        self._tools.say(f"  {hour_text(hours[0])}  {found.units:>12,} units of {who:,}{left_out}")

    def _count_open_hours(self, hours: Sequence[int]) -> None:
        """The hours that may not be closed yet are counted again event by event: by their marks."""
        rows = 0
        for hour in hours:
            usage = map(settled_usage, self._tools.rows(hour_prefix(hour_text(hour))))
            for group in packed(usage):
                rows += len(group)
                if self._is_sending:
                    self._tools.send([to_body(SettledMessage(version=1, settled=group))])
        self._tools.say(f"  hours that are not over: {rows:,} rows")

    def _send_parts(self, commands: Sequence[StandingCommand | CloseCommand]) -> None:
        for group in packed(commands):
            for some in batched(group, 1000, strict=False):
                part = RebuildCommand(version=self.version, part=next(self._parts), commands=some)
                self.sent += 1
                if self._is_sending:
                    self._tools.send([body_of(part)])

    def _carried_out(self, deadline_ms: int) -> bool:
        while (done := self._tools.parts_done(self.version)) < self.sent:
            self._tools.say(f"carried out: {done} of {self.sent} parts")
            if self._tools.clock() > deadline_ms:
                self._tools.say("not opened: not every part is carried out; run it again")
                return False
            self._tools.pause()
        self._tools.say(f"carried out: all {self.sent} parts")
        return True


def _first_hour(standing: Iterable[StandingCommand], now_ms: int, since: int | None) -> int:
    """Where the oldest period begins that is still running; without a grant, this month."""
    if since is not None:
        return since
    grants = [grant_at(each, now_ms) for each in standing if isinstance(each, GrantCommand)]
    windows = [window for each in grants for window in (each.window, each.upcoming) if window]
    starts = [window.start_ms for window in windows if window.end_ms > now_ms]
    month = Recurrence(Period.MONTH).window_at(now_ms).start_ms
    return min(starts, default=month) // HOUR_MS


def _is_past(command: StandingCommand, now_ms: int) -> bool:
    return isinstance(command, RevocationCommand) and command.until_ms <= now_ms
