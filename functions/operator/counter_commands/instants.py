"""An option's ISO time comes in; epoch milliseconds leave."""

from functions.usage.errors import Permanent
from functions.usage.moment import epoch_ms_from_iso


def moment_ms(option: str, text: str | None) -> int | None:
    """Permanent names the option."""
    if text is None:
        return None
    try:
        return epoch_ms_from_iso(text)
    except ValueError:
        fix = "write it with its offset, as 2026-11-01T00:00:00Z"
        raise Permanent(f"{option}: {text!r} is no time: {fix}") from None
