"""How far counting has come -> the lag that the headroom covers. Pure.

A heartbeat walks from each metered log group to the counters every minute. What was served before
the newest one that arrived is counted, so the lag is the age of the oldest of them: a pipeline
that stalls lets it grow, and the headroom with it, up to the cap (architecture.md 4).
"""

from collections.abc import Sequence

# Two machines' clocks differ by milliseconds; a heartbeat from further ahead says nothing true.
_AHEAD_MS = 60_000
# Epoch milliseconds until the year 2286; it also bounds what `int` is given.
_DIGITS = 13


def lag_by(heartbeats: Sequence[str | None], now: float) -> float | None:
    """Seconds since the oldest of `heartbeats` (epoch milliseconds, one of each log group) at
    `now` (epoch seconds); None when none ever arrived. ValueError for what is no such moment.
    """
    if not heartbeats:
        return None
    now_ms = now * 1000
    return max(0.0, now_ms - min(_moment(text, now_ms) for text in heartbeats)) / 1000


def _moment(text: str | None, now_ms: float) -> int:
    if text is None or len(text) != _DIGITS or not (text.isascii() and text.isdecimal()):
        raise ValueError("not epoch milliseconds")
    moment = int(text)
    if moment > now_ms + _AHEAD_MS:
        raise ValueError("a heartbeat that has not been sent yet")
    return moment
