"""The forwarder's durable places, in memory: they keep what they get, or fail when told to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from functions.forwarder.putting_back import Later
from functions.usage.errors import Retryable
from functions.usage.ledger_row import LedgerRow


class Crash(BaseException):
    """The process died."""


@dataclass
class FakePlaces:
    """Switches and journal that the places below share. `down` names those that fail, `crash` the
    one before whose effect the process dies.
    """

    down: set[str] = field(default_factory=set)
    crash: str | None = None
    journal: list[str] = field(default_factory=list)

    def reach(self, place: str) -> None:
        self.journal.append(place)
        if place == self.crash:
            raise Crash(place)
        if place in self.down:
            raise Retryable(f"{place} is down")


@dataclass
class FakeMessageQueue:
    name: str
    places: FakePlaces
    bodies: list[str] = field(default_factory=list)

    def send(self, bodies: Iterable[str]) -> int:
        sent = list(bodies)
        if sent:
            self.places.reach(self.name)
        self.bodies += sent
        return len(sent)


@dataclass
class FakeLedger:
    places: FakePlaces
    rows: list[LedgerRow] = field(default_factory=list)
    writers: list[str] = field(default_factory=list)

    def append(self, rows: Sequence[LedgerRow], writer: str) -> None:
        if rows:
            self.places.reach("ledger")
        self.rows += rows
        self.writers.append(writer)

    def read_hour(self, hour: str) -> Iterable[LedgerRow]:
        return [row for row in self.rows if row["occurredAt"].startswith(hour)]


@dataclass
class FakeUsageQueue:
    """Takes back what is held; `down` it takes nothing, and says so."""

    places: FakePlaces
    put: dict[str, Later] = field(default_factory=dict)

    def put_back(self, letters: Mapping[str, Later]) -> set[str]:
        if letters:
            try:
                self.places.reach("put_back")
            except Retryable:
                return set()
        self.put.update(letters)
        return set(letters)


@dataclass
class FakeVisibility:
    """Hides what it is told to; `down` it changes nothing, and says so."""

    places: FakePlaces
    seconds: dict[str, int] = field(default_factory=dict)

    def hide(self, seconds_by_receipt: Mapping[str, int]) -> set[str]:
        if seconds_by_receipt:
            try:
                self.places.reach("visibility")
            except Retryable:
                return set(seconds_by_receipt)
        self.seconds.update(seconds_by_receipt)
        return set()
