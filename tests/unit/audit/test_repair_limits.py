"""Which missing requests may be metered again."""

from typing import Any, NamedTuple

import pytest

from functions.audit.repair.repair_limits import AgeLimits, RepairFate
from functions.usage.moment import DAY_MS, HOUR_MS, iso_from_epoch_ms

NOW_MS = 1_795_435_200_000


class OldRequest(NamedTuple):
    """Missing, with events of these ages."""

    ages_ms: tuple[int, ...]
    customer: str = "cus_a"
    log_stream: str = "s"
    lines: tuple[dict[str, Any], ...] = ()
    reason: str = ""

    @property
    def events(self) -> list[tuple[str, str, int | float, str]]:
        return [("k", "calls", 1, iso_from_epoch_ms(NOW_MS - age)) for age in self.ages_ms]


@pytest.mark.parametrize(
    ("ages_ms", "window_ms", "include_old", "fate"),
    [
        ((0,), DAY_MS, False, RepairFate.METERED_AGAIN),
        ((23 * HOUR_MS,), DAY_MS, False, RepairFate.METERED_AGAIN),
        ((23 * HOUR_MS + 1,), DAY_MS, False, RepairFate.TOO_OLD),
        ((0, 23 * HOUR_MS + 1), DAY_MS, False, RepairFate.TOO_OLD),
        ((23 * HOUR_MS + 1,), DAY_MS, True, RepairFate.METERED_AGAIN),
        ((90 * DAY_MS,), DAY_MS, True, RepairFate.METERED_AGAIN),
        ((90 * DAY_MS + 1,), DAY_MS, True, RepairFate.BEYOND_AFORO),
        ((90 * DAY_MS + 1,), DAY_MS, False, RepairFate.BEYOND_AFORO),
        ((90 * DAY_MS + 1,), 100 * DAY_MS, False, RepairFate.BEYOND_AFORO),
        ((HOUR_MS // 2,), HOUR_MS, False, RepairFate.METERED_AGAIN),
        ((HOUR_MS // 2 + 1,), HOUR_MS, False, RepairFate.TOO_OLD),
        ((), DAY_MS, False, RepairFate.QUARANTINED),
    ],
)
def test_by_the_age_of_the_oldest_event(
    ages_ms: tuple[int, ...], window_ms: int, *, include_old: bool, fate: RepairFate
) -> None:
    """An hour before the dedup window's end, or 90 days; what bills nothing has no age."""
    limits = AgeLimits(NOW_MS, window_ms, include_old)
    request = OldRequest(ages_ms)
    assert limits.repair_of(request) is fate
    assert limits.sorted_out([request])[fate] == [request]
