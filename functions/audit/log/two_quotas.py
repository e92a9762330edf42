"""Names of log streams come in; their lines leave, by GetLogEvents and FilterLogEvents in turns.
Each has a quota of its own: both together read up to twice as fast as the better one.

Guaranteed: each stream is read once, whole, by one of them.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from functions.adapters.log_events import LogLine
from functions.audit.log.log_pace import LogCall
from functions.audit.log.log_streams import STREAMS_AT_ONCE, LogStreams
from functions.audit.log.stream_list import FoundStreams, TimeRange

FULL_PAGE_CHARS = 700_000  # of the 1 MB that a page holds
# Of a stream the last page is seldom full. Of a few together nearly all are.
PAGES_AT_ONCE = 10

type _Page = list[tuple[str, LogLine]]


def lines_of_streams(
    streams: LogStreams, of: TimeRange, found: FoundStreams
) -> Iterator[tuple[str, LogLine]]:
    """Each with its stream. Of the doubtful ones most hold nothing, and a hundred of them are one
    call; unless it is CloudWatch's figures that are late: then they are as busy as the others.
    """
    yield from TwoQuotas(streams, of, found.live).lines()
    busy: list[str] = []
    for start in range(0, len(found.doubtful), STREAMS_AT_ONCE):
        names = found.doubtful[start : start + STREAMS_AT_ONCE]
        held = streams.held(names, of, FULL_PAGE_CHARS)
        if held is None:
            busy += names
            continue
        for name, lines in held.items():
            for line in lines:
                yield name, line
    yield from TwoQuotas(streams, of, busy).lines()


class TwoQuotas:
    """Of one range of one log group. Who has its turn next asks for the next page, so that each
    takes of the streams what its quota is worth.
    """

    def __init__(self, streams: LogStreams, of: TimeRange, names: Sequence[str]) -> None:
        self._streams = streams
        self._of = of
        self._waiting = deque(names)
        self._begun = 0
        self._chars = 0

    def lines(self) -> Iterator[tuple[str, LogLine]]:
        """Each with its stream; those of one stream in the log's order."""
        readers = {LogCall.EVENTS: self._by_stream(), LogCall.FILTER: self._by_several()}
        while readers:
            call = min(readers, key=self._streams.pace.turn)
            page = next(readers[call], None)
            if page is None:
                del readers[call]
                continue
            self._chars += sum(len(line["message"]) for _, line in page)
            yield from page

    def _by_stream(self) -> Iterator[_Page]:
        while self._waiting:
            (name,) = self._next_ones(1)
            for page in self._streams.event_pages(name, self._of):
                yield [(name, line) for line in page]

    def _by_several(self) -> Iterator[_Page]:
        while self._waiting:
            names = self._next_ones(self._some_pages())
            yield from self._streams.filtered_pages(names, self._of)

    def _next_ones(self, most: int) -> list[str]:
        names = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        self._begun += len(names)
        return names

    def _some_pages(self) -> int:
        """As many streams as probably make PAGES_AT_ONCE, by those that were read before; down to
        one page in the end, so that both come to it together.
        """
        of_one = max(1.0, self._chars / self._begun if self._begun else FULL_PAGE_CHARS)
        page = max(1, int(FULL_PAGE_CHARS / of_one))
        some = int(PAGES_AT_ONCE * FULL_PAGE_CHARS / of_one)
        return min(STREAMS_AT_ONCE, max(page, min(some, len(self._waiting) // 4)))
