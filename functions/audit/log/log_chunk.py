"""Log lines come in; chunks leave that metering can be asked about in one call.

Guaranteed: each line is in one chunk. Lines of an execution log that may be one request's are never
in two: a request would be told twice, or never.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from functions.adapters.log_events import LogLine
from functions.usage.vended_line import Wrapped, unwrapped

type LogKind = Literal["access", "execution"]

# A delivery is 10,000 lines at most; half of one is a third of a second of metering, and its answer
# stays far under Lambda's 6 MB.
CHUNK_LINES = 5_000
# Gzipped and in base64, what does not compress at all is 4 MB of the 6 MB that Lambda takes.
CHUNK_CHARS = 3_000_000
_ID_CHARS = 128  # as metering reads a prefix (functions/metering/execution/line.py)


class Chunk(NamedTuple):
    """`log_stream` is that of the first line; `streams` that of each, where they are several."""

    log_stream: str
    lines: tuple[LogLine, ...]
    streams: tuple[str, ...] = ()
    kind: LogKind = "access"

    def stream_of(self, index: int) -> str:
        """Where line `index` was written."""
        return self.streams[index] if self.streams else self.log_stream

    def halves(self) -> tuple[list[int], list[int]] | None:
        """The indexes of its lines as two parts; None where it cannot be divided."""
        keys = _keys(self.lines, self.kind)
        first = _first_half(keys)
        parts: tuple[list[int], list[int]] = ([], [])
        for index, key in enumerate(keys):
            parts[key not in first].append(index)
        return parts if all(parts) else None

    def only(self, indexes: Sequence[int]) -> "Chunk":
        """Some of its lines; at least one."""
        streams = tuple(self.streams[index] for index in indexes) if self.streams else ()
        lines = tuple(self.lines[index] for index in indexes)
        return Chunk(self.stream_of(indexes[0]), lines, streams, self.kind)


def mixed_chunks(lines: Iterable[tuple[str, LogLine]]) -> Iterator[Chunk]:
    """Of an access log, each line with its stream, as they come: a line is a request. One chunk is
    held at a time.
    """
    held: list[LogLine] = []
    streams: list[str] = []
    size = 0
    for stream, line in lines:
        chars = len(line["message"])
        if held and (len(held) == CHUNK_LINES or size + chars > CHUNK_CHARS):
            yield Chunk(streams[0], tuple(held), tuple(streams))
            held, streams, size = [], [], 0
        held.append(line)
        streams.append(stream)
        size += chars
    if held:
        yield Chunk(streams[0], tuple(held), tuple(streams))


def stream_chunks(stream: str, lines: Sequence[LogLine]) -> Iterator[Chunk]:
    """All lines of one stream of an execution log, in order: one chunk where they fit, else
    several, each with all lines of its request ids; more than fit only where one id has them.
    """
    chars = sum(len(line["message"]) for line in lines)
    if len(lines) <= CHUNK_LINES and chars <= CHUNK_CHARS:
        if lines:
            yield Chunk(stream, tuple(lines), kind="execution")
        return
    keys = _keys(lines, "execution")
    place = _chunk_of_each(keys, lines)
    parts: list[list[LogLine]] = [[] for _ in range(max(place.values()) + 1)]
    for key, line in zip(keys, lines, strict=True):
        parts[place[key]].append(line)
    for part in parts:
        yield Chunk(stream, tuple(part), kind="execution")


def _chunk_of_each(keys: Sequence[Hashable], lines: Sequence[LogLine]) -> dict[Hashable, int]:
    """The number of the chunk that takes all lines of a key, in the order of their first ones."""
    times = Counter(keys)
    chars: Counter[Hashable] = Counter()
    for key, line in zip(keys, lines, strict=True):
        chars[key] += len(line["message"])
    place: dict[Hashable, int] = {}
    number = held = size = 0
    for key, many in times.items():
        if held and (held + many > CHUNK_LINES or size + chars[key] > CHUNK_CHARS):
            number, held, size = number + 1, 0, 0
        place[key] = number
        held += many
        size += chars[key]
    return place


def _first_half(keys: Sequence[Hashable]) -> Collection[Hashable]:
    """Keys with about half of the lines; never all keys, unless there is only one."""
    times = Counter(keys)
    first: set[Hashable] = set()
    held = 0
    for key, many in times.items():
        if first and held + many > len(keys) // 2:
            break
        first.add(key)
        held += many
    return first


def _keys(lines: Sequence[LogLine], kind: LogKind) -> Sequence[Hashable]:
    """What is the same for lines that may be one request's."""
    if kind == "access":
        return range(len(lines))
    return [_request_of(line["message"], number) for number, line in enumerate(lines)]


def _request_of(message: str, number: int) -> str | int:
    """The request id that the line begins with; lines of old forms have none, and are kept together
    as metering may; what is no execution line stands for itself.
    """
    found = unwrapped(message)
    if not isinstance(found, Wrapped):
        return number
    end = found.line.find(") ", 1, _ID_CHARS) if found.line.startswith("(") else -1
    return found.line[1:end] if end > 0 else ""
