"""The calendar of a grant: which period a moment lies in. UTC, whole hours, standard library only.

Reconciliation and the authorizer both ask this module, so a period that has rolled over means the
same to the one that counts and to the one that decides.
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from functions.usage.moment import DAY_MS, HOUR_MS


class Period(StrEnum):
    """How often an allowance begins anew."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class Window(NamedTuple):
    """One period: `start_ms <= moment < end_ms`, epoch milliseconds, both on a full hour."""

    start_ms: int
    end_ms: int


class Recurrence(NamedTuple):
    """A period that repeats. `anchor_day` is the day of the month on which a month begins; in a
    shorter month it is that month's last day, as with invoices.
    """

    period: Period
    anchor_day: int = 1

    def window_at(self, epoch_ms: int) -> Window:
        """The period that covers a moment."""
        if self.period is Period.MONTH:
            return self._month_at(datetime.fromtimestamp(epoch_ms // 1000, UTC))
        length = HOUR_MS if self.period is Period.HOUR else DAY_MS
        start = epoch_ms - epoch_ms % length
        return Window(start, start + length)

    def _month_at(self, moment: datetime) -> Window:
        first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        start = self._anchored(first)
        if start > moment:
            return Window(_ms(self._anchored(_month_before(first))), _ms(start))
        return Window(_ms(start), _ms(self._anchored(_month_after(first))))

    def _anchored(self, first: datetime) -> datetime:
        last_day = monthrange(first.year, first.month)[1]
        return first.replace(day=min(self.anchor_day, last_day))


def _month_before(first: datetime) -> datetime:
    return (first - timedelta(days=1)).replace(day=1)


def _month_after(first: datetime) -> datetime:
    # 31 days after a first lie in the next month, whatever month it is.
    return (first + timedelta(days=31)).replace(day=1)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000
