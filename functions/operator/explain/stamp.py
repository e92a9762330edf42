"""When a log event was logged, in the forms in which AWS writes it: epoch milliseconds leave."""

from datetime import UTC, datetime

from functions.usage.moment import epoch_ms_from_iso

# 2001 to 2286: thirteen digits.
_FIRST_MS = 10**12
_LAST_MS = 10**13
_MILLISECONDS_DIGITS = 13


def epoch_ms(value: object) -> int | None:
    """Of a number, or of ISO 8601, in UTC where it names no offset. None for anything else."""
    match value:
        case bool():
            return None
        case int():
            return value if _FIRST_MS <= value < _LAST_MS else None
        case str() if len(value) == _MILLISECONDS_DIGITS and value.isascii() and value.isdigit():
            return epoch_ms(int(value))
        case str():
            return _of_iso(value)
        case _:
            return None


def _of_iso(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return epoch_ms(epoch_ms_from_iso(aware.isoformat()))
    except (ValueError, OverflowError):
        return None
