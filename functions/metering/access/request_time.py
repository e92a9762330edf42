"""When a request began, from the ways in which access logs write it; epoch milliseconds leave."""

from datetime import UTC, datetime, timedelta

from functions.metering.access.format_v1 import epoch_ms
from functions.usage.moment import epoch_ms_from_iso

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}
_FORM_CHARS = len("18/Jul/2022:12:33:39 +0000")
_LONGEST = 64


def time_ms(text: str) -> int | None:
    """`requestTimeEpoch` in milliseconds or seconds, `requestTime`, or ISO 8601 with an offset."""
    if len(text) > _LONGEST or not text.isascii():
        return None
    found = epoch_ms(text)
    if found is not None:
        return found
    try:
        return _clf_ms(text) if len(text) == _FORM_CHARS else epoch_ms_from_iso(text)
    except (ValueError, KeyError, OverflowError):
        return None


def _clf_ms(text: str) -> int:
    """`18/Jul/2022:12:33:39 +0000`. A leap second counts as the next minute's first."""
    punctuation = text[2] + text[6] + text[11] + text[14] + text[17] + text[20]
    if punctuation != "//::: ":
        raise ValueError(text)
    day, year, hour, minute, second = (
        int(part) for part in (text[:2], text[7:11], text[12:14], text[15:17], text[18:20])
    )
    sign = {"+": 1, "-": -1}[text[21]]
    offset = sign * timedelta(hours=int(text[22:24]), minutes=int(text[24:26]))
    start = datetime(year, _MONTHS[text[3:6]], day, hour, minute, tzinfo=UTC)
    moment = start + timedelta(seconds=second) - offset
    return int(moment.timestamp()) * 1000
