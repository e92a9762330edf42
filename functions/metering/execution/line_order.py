"""The log events of one delivery come in; they leave in the order in which they were logged, each
once, with what grouping needs of them.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

# When it was logged (0: unknown), its event id where that tells an order, its text, itself.
type Entry = tuple[int, str, str | None, object]

_PLACE = itemgetter(0, 1)
_FIELDS: Callable[[Any], tuple[Any, ...]] = itemgetter("timestamp", "id", "message")
# CloudWatch's ids rise with the log (gateway-logs.md 1.6); other ids say nothing.
_EVENT_ID_DIGITS = 56
_FIRST_MS = 10**12  # 2001; thirteen digits reach 2286
_LAST_MS = 10**13


def in_order(log_events: Sequence[object]) -> list[Entry]:
    """Each log event once, since a delivery may be made of several, by time and event id. What says
    neither keeps its place at the front.
    """
    return _regular(log_events) or in_any_order(log_events)


def _regular(log_events: Sequence[object]) -> list[Entry] | None:
    """The same for log events as CloudWatch makes them, none of them twice: each is looked at by C
    code only. None for any other.
    """
    try:
        times, names, texts = zip(*map(_FIELDS, log_events), strict=True)
        # Of JSON's values, only a text has both a length and a place in a set.
        if len(set(names)) != len(names) or set(map(len, names)) != {_EVENT_ID_DIGITS}:
            return None
        if set(map(type, times)) != {int} or set(map(type, texts)) != {str}:
            return None
    except (KeyError, TypeError, ValueError):  # no mapping, or without these; or no log events
        return None
    # No two agree in time and name: what follows them is never compared.
    entries = sorted(zip(times, names, texts, log_events, strict=True))
    return entries if entries[0][0] >= _FIRST_MS and entries[-1][0] < _LAST_MS else None


def in_any_order(log_events: Iterable[object]) -> list[Entry]:
    entries: list[Entry] = []
    seen: dict[str, str] = {}
    for log_event in log_events:
        if not isinstance(log_event, dict):
            entries.append((0, "", None, log_event))
            continue
        message, name = log_event.get("message"), log_event.get("id")
        text = message if type(message) is str else None
        if type(name) is not str:
            name = ""
        elif name and text is not None:
            first = seen.setdefault(name, text)
            if first is not text and first == text:
                continue
        time_ms = log_event.get("timestamp")
        # `type`, since JSON's true is an int to Python.
        if type(time_ms) is not int or not _FIRST_MS <= time_ms < _LAST_MS:
            time_ms = 0
        place = name if len(name) == _EVENT_ID_DIGITS else ""
        entries.append((time_ms, place, text, log_event))
    entries.sort(key=_PLACE)
    return entries
