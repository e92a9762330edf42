"""What metering says of the requests of one chunk: its answer comes in; the requests leave, each
with its log lines. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple, Self

from pydantic import Field

from functions.adapters.log_events import LogLine
from functions.audit.log.log_chunk import Chunk
from functions.usage.from_outside import FromOutside

type Index = Annotated[int, Field(ge=0)]


class AccountedEvent(NamedTuple):
    """One usage event that metering would send."""

    key: str
    meter: str
    quantity: int | float
    occurred_at: str


class BilledRequest(NamedTuple):
    """A billable request; `indexes` are those of its lines in the chunk."""

    customer: str
    indexes: tuple[Index, ...]
    events: tuple[AccountedEvent, ...]


class RefusedRequest(NamedTuple):
    """A request that metering would quarantine."""

    reason: str
    indexes: tuple[Index, ...]


class AccountAnswer(FromOutside):
    """As metering writes it. `excluded` is by reason and customer, `""` where none is named;
    `unended` are requests of an execution log whose end may stand behind the lines.
    """

    billed: tuple[BilledRequest, ...] = ()
    excluded: Mapping[str, Mapping[str, Annotated[int, Field(ge=0)]]] = Field(default_factory=dict)
    quarantined: tuple[RefusedRequest, ...] = ()
    quarantined_whole: str = ""
    unended: tuple[tuple[Index, ...], ...] = ()

    @property
    def last_index(self) -> int:
        """Of all lines that it tells of; -1 where there is none."""
        lists = [one.indexes for one in self.billed]
        lists += [one.indexes for one in self.quarantined]
        lists += self.unended
        return max(map(max, filter(None, lists)), default=-1)


@dataclass(frozen=True, slots=True)
class Account:
    """The requests of `chunk` whose first line is in the window. `quarantined_whole` is why it
    could not be read at all, or empty; `unended` as in the answer.
    """

    chunk: Chunk
    billed: tuple[BilledRequest, ...] = ()
    excluded: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    quarantined: tuple[RefusedRequest, ...] = ()
    quarantined_whole: str = ""
    unended: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def of(cls, chunk: Chunk, answer: AccountAnswer) -> Self:
        """The answer for this chunk."""
        return cls(
            chunk,
            billed=answer.billed,
            excluded=answer.excluded,
            quarantined=answer.quarantined,
            quarantined_whole=answer.quarantined_whole,
            unended=answer.unended,
        )

    @classmethod
    def joined(cls, chunk: Chunk, parts: Iterable[tuple[Sequence[int], "Account"]]) -> Self:
        """Of accounts of parts of it, each with the indexes that the part's lines have in it."""
        billed: list[BilledRequest] = []
        quarantined: list[RefusedRequest] = []
        unended: list[tuple[int, ...]] = []
        excluded: dict[str, Counter[str]] = {}
        for places, part in parts:
            if part.quarantined_whole:
                quarantined.append(RefusedRequest(part.quarantined_whole, tuple(places)))
            billed += [one._replace(indexes=_at(places, one.indexes)) for one in part.billed]
            quarantined += [
                one._replace(indexes=_at(places, one.indexes)) for one in part.quarantined
            ]
            unended += [_at(places, one) for one in part.unended]
            for reason, times in part.excluded.items():
                excluded.setdefault(reason, Counter()).update(times)
        return cls(chunk, tuple(billed), excluded, tuple(quarantined), unended=tuple(unended))

    def lines_of(self, indexes: Iterable[int]) -> list[LogLine]:
        """The log lines that a request was read from."""
        return [self.chunk.lines[at] for at in indexes]

    def stream_of(self, indexes: Sequence[int]) -> str:
        """The log stream of a request; the chunk's where it has no line."""
        return self.chunk.stream_of(indexes[0]) if indexes else self.chunk.log_stream


def _at(places: Sequence[int], indexes: Iterable[int]) -> tuple[int, ...]:
    return tuple(places[at] for at in indexes)
