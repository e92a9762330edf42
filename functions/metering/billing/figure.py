"""A number that somebody put into a log line comes in; what can be billed by it leaves."""

import re
from decimal import Decimal

# What the counters take of one event (`reconciliation.settling`); all of it exact in a double.
LARGEST = 10**12
_DIGITS = 15
_NUMBER = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,15}))?")


def figure_of(value: object) -> int | float | None:
    """A quantity of at least zero; None for what is no number, has more than 15 digits, or is more
    than 10**12. `12`, `12.5` and JSON's numbers are; `1e3`, `-1`, `1,5` and `NaN` are not.
    """
    match = _NUMBER.fullmatch(_plain_text(value))
    if match is None:
        return None
    whole, fraction = match[1].lstrip("0"), (match[2] or "").rstrip("0")
    if len(whole) + len(fraction) > _DIGITS:
        return None
    found = float(f"{whole or 0}.{fraction}") if fraction else int(whole or 0)
    return found if found <= LARGEST else None


def _plain_text(value: object) -> str:
    """JSON writes small and large numbers with an exponent."""
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"
    is_text_or_whole = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if is_text_or_whole else ""
