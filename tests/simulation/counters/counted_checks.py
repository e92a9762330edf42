"""What has to hold of the counters after every event: used is never more than the ledger has, and
whatever is older than the watermark is counted, but for the exceptions that quota.md names.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from functions.usage.mark import hours_key, mark_of
from functions.usage.quota import meter_field, state_key, watermark_key
from tests.simulation.counters.ledger_sums import Account, LedgerSums
from tests.simulation.counters.observed_counters import CountedHours, ObservedCounters
from tests.simulation.counters.simulated_valkey import SimulatedValkey
from tests.simulation.engine.world import World
from tests.simulation.untold import LOSS_SECONDS, TELLING_SECONDS

# From the time that metering has a line, to the counters: two hops, two windows; a heartbeat that
# was put meanwhile may be there before it.
IN_FLIGHT_SECONDS = 80.0


@dataclass(eq=False)
class Waiting:
    """Usage that was served and is not counted. `known_at`: when metering had its line first; None:
    it did not yet. `excuse`: seconds by which the watermark may be younger.
    """

    key: str
    account: Account
    at: float
    units: int
    known_at: float | None = None
    excuse: float = 0.0


@dataclass(eq=False)
class CountedChecks:
    """`is_elsewhere` says of a key that it is where no word of the lag can be about it: not
    delivered yet, or quarantined. `deaths` are of processes: when, and what each may cost.
    """

    world: World
    valkey: SimulatedValkey
    observed: ObservedCounters
    ledger: LedgerSums
    tenant: str
    is_elsewhere: Callable[[str], bool]
    waiting: dict[int, Waiting] = field(default_factory=dict)  # by mark
    deaths: list[tuple[float, float]] = field(default_factory=list)
    watermark: float = 0.0  # epoch seconds; 0: there is none
    watched: int = 0
    younger_since: float | None = None
    _known: dict[int, Waiting] = field(default_factory=dict)

    def served(self, key: str, account: Account, at: float, units: int) -> None:
        """From now on it is to be counted."""
        mark = mark_of(key)
        self._known[mark] = self.waiting[mark] = Waiting(key, account, at, units)

    def delivered(self, keys: Iterable[str]) -> None:
        """Metering has their lines."""
        for key in keys:
            found = self._known.get(mark_of(key))
            if found is not None and found.known_at is None:
                found.known_at = self.world.now

    def quarantined(self, keys: Iterable[str]) -> None:
        """They count later than the lag says, whenever they are metered again."""
        for key in keys:
            if (found := self._known.get(mark_of(key))) is not None:
                found.excuse = float("inf")

    def overdue(self, customer: str, counted_until: float) -> int:
        """Units of a customer that were served before a time, and are not counted."""
        return sum(
            one.units
            for one in self.waiting.values()
            if one.at < counted_until and one.account.customer_id == customer
        )

    def lost(self, hours: CountedHours) -> None:
        """The server is another, with this in it. No lag tells of what is counted no more: the
        bound of quota.md holds while the counters are whole.
        """
        self.deaths.append((self.world.now, LOSS_SECONDS))
        counted = [one for mark, one in self._known.items() if mark not in self.waiting]
        self.observed.restore(hours)
        for place in list(self.ledger.by_hour):
            self._look_at_hour(*place)
        for one in counted:
            one.excuse = float("inf")

    def check(self) -> str:
        """What is wrong now; empty: nothing."""
        observed = self.observed
        if observed.marked:
            for mark in observed.marked:
                self.waiting.pop(mark, None)
            observed.marked.clear()
        if observed.closed:
            for place in sorted(observed.closed):
                self._look_at_hour(*place)
            observed.closed.clear()
        if observed.is_watermark_moved:
            observed.is_watermark_moved = False
            self._read_watermark()
            if fault := self._younger():
                return fault
        if observed.touched:
            touched = sorted(observed.touched)
            observed.touched.clear()
            return next(filter(None, map(self._overcharged, touched)), "")
        return ""

    def differences(self) -> Iterator[str]:
        """At the end: hour by hour, the counters are the ledger."""
        accounts = sorted(self.ledger.hours)
        asked = [("HGETALL", hours_key(self.tenant, *account)) for account in accounts]
        for account, reply in zip(accounts, self.valkey.look(asked) if asked else (), strict=True):
            words = [int(word) for word in cast("list[str]", reply)]
            counted = dict(zip(words[::2], words[1::2], strict=True))
            if counted != self.ledger.hours[account]:
                yield f"{account}: counted {counted}, settled {dict(self.ledger.hours[account])}"
            if fault := self._overcharged(account, is_exact=True):
                yield fault

    def _look_at_hour(self, account: Account, hour: int) -> None:
        events = self.ledger.by_hour[account, hour]
        missing = {one.mark for one in self.observed.hours.uncounted((account, hour), events)}
        for event in events:
            if event.mark not in missing:
                self.waiting.pop(event.mark, None)
            elif event.mark in self._known:
                self.waiting[event.mark] = self._known[event.mark]

    def _read_watermark(self) -> None:
        found = cast("list[str]", self.valkey.look([("HVALS", watermark_key(self.tenant))])[0])
        self.watermark = min((int(one) / 1000 for one in found), default=0.0)

    def _younger(self) -> str:
        """Usage that waits is older than the watermark, for longer than it takes to tell."""
        self.watched += bool(self.waiting)
        found = next((one for one in self.waiting.values() if self._is_overtaken(one)), None)
        if found is None:
            self.younger_since = None
            return ""
        now = self.world.now
        self.younger_since = self.younger_since or now
        if now - self.younger_since <= TELLING_SECONDS:
            return ""
        return (
            f"{found} waits, and all before {self.watermark:.0f} is counted, it is said since"
            f" {now - self.younger_since:.0f} s"
        )

    def _is_overtaken(self, one: Waiting) -> bool:
        if one.known_at is None:
            return False
        began = max(one.at, one.known_at)
        if self.watermark <= began + IN_FLIGHT_SECONDS + one.excuse:
            return False
        # What CloudWatch never delivered is an audit's, later than the lag says. Asked last: it
        # looks at every place.
        return not self.is_elsewhere(one.key) and not self._had_a_dead_process(one)

    def _had_a_dead_process(self, one: Waiting) -> bool:
        """Of that nobody could tell, until it shows again and goes its way: for as long heartbeats
        may pass it. Where its stop is away then, none does, however long it takes.
        """
        passed = self.watermark - IN_FLIGHT_SECONDS
        return any(one.at <= at and passed <= at + seconds for at, seconds in self.deaths)

    def _overcharged(self, account: Account, *, is_exact: bool = False) -> str:
        names = ("used", "start_ms", "end_ms", "next_used", "next_start_ms", "next_end_ms")
        key = state_key(self.tenant, account.customer_id)
        fields = [meter_field(account.meter, name) for name in names]
        values: Any = self.valkey.look([("HMGET", key, *fields)])[0]
        for used, start, end in (values[:3], values[3:]):
            if not start or not used:
                continue
            settled = self.ledger.used(account, int(start), int(end))
            if int(used) > settled or (is_exact and int(used) != settled):
                return f"{account}: {used} are used, and {settled} settled, from {start} to {end}"
        return ""
