"""The counters' server in a run: a real Valkey under the simulated clock, which fails over.

Guaranteed: a run finds it empty. What was given a time to live goes when the simulated clock says
so, at the next `expire`. A restored copy has what the copy had, and no script: it is another
server. `watchers` hear of every command after its effect, `missers` of those that were given up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from tests.simulation.counters.valkey_socket import Command, ValkeySocket

type Heard = Callable[[Command, object], None]

# All keys that have a time to live: name, when it ends by the server's clock, what is left of it.
_TIMES_TO_LIVE = """
local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local ends = redis.call('PEXPIRETIME', key)
  if ends > 0 then
    found[#found + 1] = key
    found[#found + 1] = ends
    found[#found + 1] = redis.call('PTTL', key)
  end
end
return found
"""


class Kept(NamedTuple):
    """A key of a copy; `ends` in simulated seconds, None: it stays."""

    name: bytes
    dump: bytes
    ends: float | None


@dataclass
class SimulatedValkey:
    """`clock` is the simulated true time, in epoch seconds."""

    socket: ValkeySocket
    clock: Callable[[], float]
    watchers: list[Heard] = field(default_factory=list)
    missers: list[Callable[[Sequence[Command]], None]] = field(default_factory=list)
    _ends: dict[str, tuple[int, float]] = field(default_factory=dict)  # server's time, ours

    def __post_init__(self) -> None:
        self.flush()

    def do(self, commands: Sequence[Command]) -> list[object]:
        """Their effects, all at this moment, as they come over one connection."""
        replies = self.socket.ask(commands)
        for watcher in self.watchers:
            for command, reply in zip(commands, replies, strict=True):
                watcher(command, reply)
        return replies

    def look(self, commands: Sequence[Command]) -> list[object]:
        """For an observer: no watcher hears of it."""
        return self.socket.ask(commands)

    def flush(self) -> None:
        """Everything is gone."""
        self.socket.ask([("FLUSHALL",), ("SCRIPT", "FLUSH")])
        self._ends.clear()

    def expire(self) -> None:
        """What is over by the simulated clock goes."""
        found = cast("list[str | int]", self.socket.ask([("EVAL", _TIMES_TO_LIVE, 0)])[0])
        gone: list[str] = []
        for i in range(0, len(found), 3):
            name, ends, left = str(found[i]), int(found[i + 1]), int(found[i + 2])
            known = self._ends.get(name)
            if known is None or known[0] != ends:
                # The server's clock stands nearly still: what is left is what was given.
                self._ends[name] = known = (ends, self.clock() + left / 1000)
            if self.clock() >= known[1]:
                gone.append(name)
        if gone:
            self.socket.ask([("DEL", *gone)])

    def copy(self) -> list[Kept]:
        """As a replica or a snapshot has it."""
        self.expire()
        names = cast("list[bytes]", self.socket.ask_for_bytes([("KEYS", "*")])[0])
        if not names:
            return []
        dumps = cast("list[bytes]", self.socket.ask_for_bytes([("DUMP", name) for name in names]))
        ends = [self._ends.get(name.decode(), (0, None))[1] for name in names]
        return [Kept(*one) for one in zip(names, dumps, ends, strict=True)]

    def restore(self, copy: Sequence[Kept]) -> None:
        """Another server takes over, with this in it."""
        self.flush()
        there = [(one, self._left_ms(one)) for one in copy]
        commands: list[Command] = [
            ("RESTORE", one.name, left, one.dump) for one, left in there if left >= 0
        ]
        for reply in self.socket.ask(commands) if commands else ():
            if reply != "OK":
                raise RuntimeError(f"not restored: {reply}")
        self.expire()  # which begins to count their times

    def _left_ms(self, one: Kept) -> int:
        """0 is for ever; negative: it is over."""
        if one.ends is None:
            return 0
        left = int((one.ends - self.clock()) * 1000)
        return left if left > 0 else -1
