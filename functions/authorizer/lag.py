"""How far counting has come -> the lag that the headroom covers. Pure.

A heartbeat walks from each metered log group to the counters every minute. What was served before
the newest one that arrived is counted, so the lag is the age of the oldest of them: a pipeline
that stalls lets it grow, and the headroom with it, up to the cap (architecture.md 4).
"""

from collections.abc import Sequence
from typing import TypeGuard

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
    texts = [text for text in heartbeats if _is_moment(text)]
    if len(texts) != len(heartbeats):
        raise ValueError("not epoch milliseconds")
    now_ms = now * 1000
    # As many digits as any other: they stand in one order as texts and as numbers.
    if int(max(texts)) > now_ms + _AHEAD_MS:
        raise ValueError("a heartbeat that has not been sent yet")
    return max(0.0, now_ms - int(min(texts))) / 1000


def _is_moment(text: str | None) -> TypeGuard[str]:
    return text is not None and len(text) == _DIGITS and text.isascii() and text.isdecimal()
