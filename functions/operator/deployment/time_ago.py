"""How far is looked, back or around: `30m` comes in, milliseconds leave."""

import re

from functions.operator.deployment.deployment import TargetError

_SPAN = re.compile(r"(?P<number>[0-9]{1,6})(?P<unit>[smhd])")
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LONGEST_MS = 400 * 86_400_000  # nothing of ours is kept for longer


def span_ms(option: str, text: str) -> int:
    """TargetError says what to write."""
    span = length_ms(text)
    if not 0 < span <= _LONGEST_MS:
        raise TargetError(f"{option}: {text}: write 90s, 30m, 6h or 2d; 400d at most")
    return span


def is_span(text: str) -> bool:
    """Whether it is a time ago, and not a time."""
    return length_ms(text) > 0


def length_ms(text: str) -> int:
    """0 for what is none."""
    said = _SPAN.fullmatch(text)
    return int(said["number"]) * _UNITS[said["unit"]] if said else 0
