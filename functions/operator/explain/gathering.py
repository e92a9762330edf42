"""Log records come in, in the order of the input; deliveries leave, as metering gets them.

Records of access logs leave as they come, so that a log of any size can be explained. The lines of
execution logs are held until the end: many make one request, and they may stand anywhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, repeat

from functions.metering.log_delivery import LogDelivery
from functions.operator.explain.explanation import Kind
from functions.operator.explain.line_origin import is_execution
from functions.operator.explain.log_record import Read

# Some megabytes of lines; metering's own deliveries have at most some thousands.
LINES_AT_ONCE = 2000

type _Place = tuple[str, str, str]


def gathered(records: Iterable[Read], kind: Kind) -> Iterator[LogDelivery]:
    """Deliveries, each of one stream."""
    held: dict[_Place, list[object]] = defaultdict(list)
    others: list[object] = []
    at: _Place = ("", "", "")
    for place, log_event in chain.from_iterable(map(_placed, records)):
        if kind == "execution" or _is_execution(log_event):
            held[place].append(log_event)
            continue
        if others and place != at:
            yield LogDelivery(*at, others)
            others = []
        at = place
        others.append(log_event)
        if len(others) == LINES_AT_ONCE:
            yield LogDelivery(*at, others)
            others = []
    if others:
        yield LogDelivery(*at, others)
    for place, log_events in held.items():
        yield LogDelivery(*place, log_events)


def _placed(read: Read) -> Iterator[tuple[_Place, object]]:
    """Owner, log group and stream of each log event. A request may stand in several payloads."""
    place = (read.owner, read.log_group, read.log_stream)
    if isinstance(read, LogDelivery):
        yield from zip(repeat(place), read.log_events, strict=False)
    else:
        yield place, read.log_event()


def _is_execution(log_event: object) -> bool:
    message = log_event.get("message") if isinstance(log_event, dict) else None
    return isinstance(message, str) and is_execution(message)
