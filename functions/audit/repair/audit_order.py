"""An audit as it is carried out: what a person asked for, with everything filled in.

An order comes out of `Start the audit` and goes into each round as it is: all rounds of an audit
see the same windows, whatever the list of sources says meanwhile.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, NamedTuple

from pydantic import ConfigDict, Field

from functions.audit.repair.audit_input import ExportedTo
from functions.audit.watched_source import WatchedSource
from functions.audit.window import AuditWindow
from functions.usage.errors import Permanent
from functions.usage.from_outside import FromOutside
from functions.usage.moment import DAY_MS

type Milliseconds = Annotated[int, Field(ge=0)]


class AuditOrder(FromOutside):
    """`to_ms` is not included; both are on windows' edges. `shard` None: all of them. `parts`: how
    many files the export had at the start. `kept_days`: how long CloudWatch keeps a log group, by
    its name; without a number for ever. `notes` are what a person should know of the range.
    """

    model_config = ConfigDict(extra="ignore")

    sources: tuple[WatchedSource, ...] = Field(min_length=1)
    from_ms: Milliseconds
    to_ms: Milliseconds
    window_seconds: int = Field(ge=1)
    shard: int | None = None
    shards: int = Field(default=1, ge=1)
    dry_run: bool = False
    include_old: bool = False
    export: ExportedTo | None = None
    parts: int = Field(default=0, ge=0)
    quiet: bool = False
    kept_days: Mapping[str, int] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def windows(self) -> int:
        """How many places there are to look at, oldest first."""
        if self.export:
            return self.parts
        length = self.window_seconds * 1000
        return (self.to_ms - self.from_ms) // length * len(self.sources) * len(self._shards)

    def must_be_logged(self, place: "AuditPlace", now_ms: int) -> None:
        """LogExpired where a log forgets faster than an audit comes along."""
        days = None if place.is_part else self.kept_days.get(place.source.log_group)
        if days and place.window.from_ms < now_ms - days * DAY_MS:
            raise LogExpired(f"{place}: its log is kept {days} days")

    @property
    def _shards(self) -> Sequence[int]:
        return range(self.shards) if self.shard is None else [self.shard]

    def at(self, place: int) -> "AuditPlace":
        """The window with that number; of an export all parts have one window, the whole range."""
        if self.export:
            (source,) = self.sources
            window = AuditWindow(source.name, self.from_ms, self.to_ms)
            return AuditPlace(place, source, window, is_part=True)
        rest, shard = divmod(place, len(self._shards))
        number, of_source = divmod(rest, len(self.sources))
        source = self.sources[of_source]
        start = self.from_ms + number * self.window_seconds * 1000
        end = start + self.window_seconds * 1000
        window = AuditWindow(source.name, start, end, self._shards[shard], self.shards)
        return AuditPlace(place, source, window)


class LogExpired(Permanent):
    """CloudWatch has dropped lines of a window: what is read of it is not all that was served."""


class AuditPlace(NamedTuple):
    """One thing to look at. Of an export `number` is that of its file, in the order of names."""

    number: int
    source: WatchedSource
    window: AuditWindow
    is_part: bool = False

    def __str__(self) -> str:
        """As the report and the log name it."""
        return f"{self.source.name} part {self.number}" if self.is_part else str(self.window)


def places_from(
    order: AuditOrder, first: int, has_time: Callable[[], bool] = lambda: True
) -> Iterator[AuditPlace]:
    """From a place on to the last; after the first only while there is time."""
    for number in range(first, order.windows):
        if number > first and not has_time():
            return
        yield order.at(number)
