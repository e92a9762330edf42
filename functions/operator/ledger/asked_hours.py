"""The words of `aforo-metering ledger` -> the question."""

from datetime import UTC, datetime, timedelta

from functions.operator.deployment.deployment import TargetError
from functions.operator.deployment.time_ago import is_span, span_ms
from functions.operator.ledger.question import LedgerQuery

_HOUR = "%Y-%m-%dT%H"
_FORMATS = ("%Y-%m-%d", _HOUR, "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ")


def question_of(
    *, hour: str | None, since: str | None, until: str | None, rows: LedgerQuery
) -> LedgerQuery:
    """`rows` with its hours. TargetError says which options do not go together."""
    is_day = hour is not None and len(hour) == len("2026-10-02")
    hour, since, until = _hour("--hour", hour), _hour("--from", since), _hour("--to", until)
    if hour and (since or until):
        raise TargetError("--hour: stands beside --from or --to: give it alone, or only those")
    if since and until and since >= until:
        raise TargetError(f"--to {until}: it must be later than --from {since}")
    if hour:
        since, until = hour, _after(hour, hours=24 if is_day else 1)
    return LedgerQuery(
        since=since or rows.since,
        until=until or rows.until,
        customer_id=rows.customer_id,
        meter=rows.meter,
        keys=rows.keys,
        replay_id=rows.replay_id,
        outcome=rows.outcome,
    )


def _hour(option: str, text: str | None) -> str:
    if text is None:
        return ""
    if is_span(text):
        return f"{datetime.now(UTC) - timedelta(milliseconds=span_ms(option, text)):{_HOUR}}"
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).strftime(_HOUR)  # noqa: DTZ007 - UTC as text
        except ValueError:
            continue
    message = (
        f"{option}: {text} is no UTC time: write 2026-10-02, 2026-10-02T08, or 6h for six hours ago"
    )
    raise TargetError(message)


def _after(hour: str, *, hours: int) -> str:
    later = datetime.strptime(hour, _HOUR) + timedelta(hours=hours)  # noqa: DTZ007 - UTC as text
    return later.strftime(_HOUR)
