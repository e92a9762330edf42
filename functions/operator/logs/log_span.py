"""How far back a log is read: `30m` comes in, milliseconds leave."""

import re

from functions.operator.deployment.deployment import TargetError

LONGEST_MS = 7 * 24 * 3_600_000
_SPAN = re.compile(r"(?P<number>[0-9]{1,6})(?P<unit>[smhd])")
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def span_ms(text: str) -> int:
    """TargetError says what to write."""
    said = _SPAN.fullmatch(text)
    span = int(said["number"]) * _UNITS[said["unit"]] if said else 0
    if not 0 < span <= LONGEST_MS:
        raise TargetError(f"--since: {text}: write 90s, 30m, 6h or 2d; 7d at most")
    return span
