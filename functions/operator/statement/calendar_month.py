"""`2026-11` of a command line -> a calendar month in UTC, whatever day a grant's month begins on.

Calendar months neither overlap nor leave a gap when a grant changes, so the statements of a
customer add up to its ledger.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple, Self

from functions.adapters.ledger import LEDGER_PREFIX
from functions.operator.deployment.deployment import TargetError

_MONTHS_A_YEAR = 12
FIRST_YEAR, LAST_YEAR = 1970, 9998  # epoch milliseconds are not negative, and a year follows
_FORM = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


class CalendarMonth(NamedTuple):
    """`start_ms <= request time < end_ms`, epoch milliseconds."""

    year: int
    number: int

    @classmethod
    def read(cls, text: str) -> Self:
        """TargetError for what is no month."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise TargetError(f"--month: {text} is no month: write 2026-11")
        if not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
            raise TargetError(f"--month: nobody metered in {text}: write 2026-11")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def start_ms(self) -> int:
        return int(datetime(self.year, self.number, 1, tzinfo=UTC).timestamp()) * 1000

    @property
    def end_ms(self) -> int:
        return self.following().start_ms

    @property
    def ledger_prefix(self) -> str:
        """The names of the ledger's objects of this month, and of no other."""
        return f"{LEDGER_PREFIX}{self}-"

    def following(self) -> "CalendarMonth":
        """The next month."""
        if self.number == _MONTHS_A_YEAR:
            return CalendarMonth(self.year + 1, 1)
        return CalendarMonth(self.year, self.number + 1)
