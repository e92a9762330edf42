"""Now -> the hours of requests that are to be closed from the ledger, the youngest first.

Pure and without memory: an hour's turn follows from the clock alone, so a run that fails, is late
or overlaps with another changes nothing but when an hour is closed next.
"""

from collections.abc import Iterator

from functions.usage.moment import DAY_MS, HOUR_MS

MINUTE_MS = 60_000
TICK_MS = 5 * MINUTE_MS  # how often the schedule runs
# Nearly all usage is settled minutes after its request: an hour that is closed sooner would find
# much of it late. Longer keeps marks in memory, and a lost write uncorrected (aws-and-counters 4c).
LATENESS_MS = 15 * MINUTE_MS
EVERY_TICK_MS = 2 * HOUR_MS
HOURLY_MS = 48 * HOUR_MS
_TICKS_AN_HOUR = HOUR_MS // TICK_MS
_TICKS_A_DAY = DAY_MS // TICK_MS


def is_over(hour: int, now_ms: int) -> bool:
    """Whether an epoch hour may be closed: never while its usage is still expected."""
    return now_ms >= (hour + 1) * HOUR_MS + LATENESS_MS


def newest_over(now_ms: int) -> int:
    """The youngest epoch hour that may be closed."""
    return (now_ms - LATENESS_MS) // HOUR_MS - 1


def due_hours(now_ms: int, horizon_days: int) -> Iterator[int]:
    """Epoch hours: closed after 15 minutes, then at every tick for 2 hours, hourly for 48 hours
    and daily up to the horizon; turns are spread, about 9 hours a tick with a horizon of 35 days.
    """
    newest = newest_over(now_ms)
    for hour in range(newest, newest - horizon_days * 24, -1):
        age_ms = now_ms - (hour + 1) * HOUR_MS
        if (now_ms // TICK_MS + hour) % _turns(age_ms) == 0:
            yield hour


def closed_again_by(hour: int, now_ms: int) -> int:
    """By when the next closing of an hour that is over is in the counters, if it begins after
    `now_ms`, epoch milliseconds: the run of its turn, and eight minutes to read, send and close.
    """
    tick = now_ms // TICK_MS + 1
    while (tick + hour) % _turns(tick * TICK_MS - (hour + 1) * HOUR_MS):
        tick += 1
    return (tick + 2) * TICK_MS


def _turns(age_ms: int) -> int:
    """An hour of that age has its turn at one tick of so many."""
    if age_ms < EVERY_TICK_MS + LATENESS_MS:
        return 1
    return _TICKS_AN_HOUR if age_ms < HOURLY_MS else _TICKS_A_DAY
