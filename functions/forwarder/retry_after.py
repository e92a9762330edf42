"""How long Aforo asks us to wait (aforo-contract.md 1.1.4): the words of an answer come in, seconds
leave, or None when they are absent or make no sense. Never more than 15 minutes.
"""

import math
from datetime import datetime
from email.utils import parsedate_to_datetime

# The longest that a message is made invisible; what is absurd is not obeyed.
MOST_SECONDS = 900.0


def retry_after_seconds(told: object, now: datetime) -> float | None:
    """`told` is a number of seconds, or text that holds one, or an HTTP date."""
    if isinstance(told, bool) or not isinstance(told, str | int | float):
        return None
    seconds = _number(told)
    if seconds is None:
        seconds = _until(str(told), now)
    if seconds is None or math.isnan(seconds) or seconds < 0:
        return None
    return min(seconds, MOST_SECONDS)


def _number(told: str | float) -> float | None:
    try:
        return float(told)
    except (ValueError, OverflowError):
        return None


def _until(date: str, now: datetime) -> float | None:
    try:
        return max(0.0, (parsedate_to_datetime(date) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        # TypeError: a date without a zone cannot be compared with ours.
        return None
