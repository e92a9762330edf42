"""What the counters have counted, as their server's commands say it: which events by their marks,
which hours by their closing.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache

from functions.reconciliation.counters.redis_scripts import Script, digest, source
from tests.simulation.counters.ledger_sums import Account, Settled
from tests.simulation.counters.valkey_socket import Command, Word

# Arguments that stand before those of the hours, in settle.lua and in close.lua.
_SETTLE_HEAD, _CLOSE_HEAD = 12, 13

type Place = tuple[Account, int]  # and an epoch hour


@cache
def scripts_by_text() -> dict[str, Script]:
    """A script by its hash and by its source: both call it."""
    by_hash = {digest(script): script for script in Script}
    return by_hash | {source(script): script for script in Script}


@dataclass
class CountedHours:
    """Marks of open hours; of closed ones the sum and the version. By account and hour."""

    marks: defaultdict[Place, set[int]] = field(default_factory=lambda: defaultdict(set))
    closed: dict[Place, tuple[int, int]] = field(default_factory=dict)

    def uncounted(self, place: Place, of_hour: Sequence[Settled]) -> list[Settled]:
        """Those events of an hour that are not in its count. Of a closed hour the count is a sum:
        the events that the ledger had first are in it.
        """
        if place not in self.closed:
            return [one for one in of_hour if one.mark not in self.marks[place]]
        left, missing = self.closed[place][0], []
        for one in of_hour:
            left -= one.quantity
            if left < 0:
                missing.append(one)
        return missing


@dataclass
class ObservedCounters:
    """Hears a server's commands (`SimulatedValkey.watchers`). What is new since it was looked at:
    `marked`, the marks that were set; `closed`, the hours that were closed; `touched`, the accounts
    whose counters may have changed; and whether the watermark has moved.
    """

    hours: CountedHours = field(default_factory=CountedHours)
    marked: list[int] = field(default_factory=list)
    closed: set[Place] = field(default_factory=set)
    touched: set[Account] = field(default_factory=set)
    is_watermark_moved: bool = False

    def heard(self, command: Command, reply: object) -> None:
        if command[0] not in ("EVALSHA", "EVAL") or isinstance(reply, Exception):
            return
        keys = int(command[2])
        arguments = command[3 + keys :]
        match scripts_by_text().get(str(command[1])):
            case Script.SETTLE if isinstance(reply, list) and reply[0] >= 0:
                self._settle(_account(command[3], arguments[0]), arguments)
            case Script.CLOSE if isinstance(reply, list) and reply[0] >= 0:
                self._close(_account(command[3], arguments[0]), arguments)
            case Script.GRANT | Script.LIMIT:
                self.touched.add(_account(command[3], arguments[0]))
            case Script.ADVANCE | Script.HOLD_BACK:
                self.is_watermark_moved = True

    def restore(self, hours: CountedHours) -> None:
        """With the server's copy, or the nothing after it was flushed."""
        self.hours = deepcopy(hours)
        self.is_watermark_moved = True

    def _settle(self, account: Account, arguments: Sequence[Word]) -> None:
        self.touched.add(account)
        for hour, marks in _settled_hours(arguments[_SETTLE_HEAD:]):
            if (account, hour) not in self.hours.closed:
                self.hours.marks[account, hour].update(marks)
                self.marked += marks

    def _close(self, account: Account, arguments: Sequence[Word]) -> None:
        self.touched.add(account)
        version = int(arguments[_CLOSE_HEAD - 1])
        pairs = [int(one) for one in arguments[_CLOSE_HEAD:]]
        for hour, total in zip(pairs[::2], pairs[1::2], strict=True):
            place = account, hour
            if place not in self.hours.closed or self.hours.closed[place][1] < version:
                self.hours.closed[place] = (total, version)
                self.hours.marks.pop(place, None)
                self.closed.add(place)


def _settled_hours(words: Sequence[Word]) -> Iterator[tuple[int, list[int]]]:
    """As settle.lua reads its arguments."""
    at = 0
    while at < len(words):
        hour, cells, of_each = int(words[at]), int(words[at + 2]), words[at + 3]
        sizes = [int(size) for size in words[at + 4 : at + 4 + cells]]
        first = at + 4 + cells
        last = first + sum(sizes)
        yield hour, [int(mark) for mark in words[first:last]]
        at = last if of_each != "" else last + sum(sizes)


def _account(state_key: Word, meter: Word) -> Account:
    """Of `aforo:{<tenant>:<customer>}:state`."""
    inner = str(state_key).partition("{")[2].rpartition("}")[0]
    return Account(inner.partition(":")[2], str(meter))
