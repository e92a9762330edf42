"""The options that say of which time an audit is, the same for every command; epoch milliseconds
leave.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

from cyclopts import Parameter

from functions.usage.errors import Permanent
from functions.usage.moment import DAY_MS

_LATEST_MS = 4_102_444_800_000  # of the year 2100: a day after a time must have a name, too


class AskedTimes(NamedTuple):
    """`to_ms` not included; None: not said."""

    from_ms: int | None
    to_ms: int | None


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRange:
    """Times of requests, or rather of their lines in the log."""

    since: Annotated[
        str | None,
        Parameter(name="--from", help="from this time on: 2026-11-28, ...T08, ...T08:15 (UTC)"),
    ] = None
    until: Annotated[
        str | None, Parameter(name="--to", help="up to this time, itself not included")
    ] = None
    day: Annotated[str | None, Parameter(help="this day (UTC), instead of the two")] = None

    def times(self) -> AskedTimes:
        """Permanent names the option that is wrong."""
        if self.day is not None:
            if self.since or self.until:
                raise Permanent("--day: give it, or --from and --to")
            start = _moment_ms("--day", self.day)
            if start % DAY_MS:
                raise Permanent(f"--day: {self.day} is no day: write 2026-11-28")
            return AskedTimes(start, start + DAY_MS)
        found = AskedTimes(
            None if self.since is None else _moment_ms("--from", self.since),
            None if self.until is None else _moment_ms("--to", self.until),
        )
        if found.to_ms is not None and found.to_ms <= (found.from_ms or 0):
            raise Permanent(f"--to: {self.until} must be later than --from")
        return found


ANY_TIME = AskedRange()


def _moment_ms(option: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fix = "write 2026-11-28, 2026-11-28T08 or 2026-11-28T08:15:00Z"
        raise Permanent(f"{option}: {text} is no time: {fix}") from None
    at_ms = int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)
    if not 0 <= at_ms < _LATEST_MS:
        raise Permanent(f"{option}: no log is of {text}: write 2026-11-28")
    return at_ms
