"""An hour's rows are read when its objects have changed; its sums are right every time."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.adapters.ledger import Ledger, hour_prefix
from functions.reconciliation import kept_sums
from functions.reconciliation.due_hours import TICK_MS, due_hours
from functions.reconciliation.hour_sums import HourTotals, Of
from functions.reconciliation.kept_sums import KeptSums, sums_name, version_of
from functions.reconciliation.ledger_hours import hour_text
from functions.reconciliation.summed_hours import SummedHours
from functions.usage.moment import DAY_MS, HOUR_MS, epoch_ms_from_iso, iso_from_epoch_ms
from tests.fakes.hour_totals import totals_of
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.settled_row import settled_row

MONTH_MS = epoch_ms_from_iso("2026-11-01T00:00:00Z")
FIRST_HOUR = MONTH_MS // HOUR_MS
HORIZON_DAYS = 35


class Kept:
    """A ledger in memory, and who sums its hours up."""

    def __init__(self) -> None:
        self.bucket = FakeBucket()
        s3: Any = self.bucket
        self.ledger = Ledger(s3, "bucket")
        self.hours = SummedHours(self.ledger, KeptSums(s3, "bucket"))

    def write(self, hour: int, number: int, *, set_aside: bool = False) -> None:
        outcome = {"outcome": "set_aside", "verified": False} if set_aside else {}
        at = iso_from_epoch_ms(hour * HOUR_MS + number % 3_600_000)
        customer = f"cus_{number % 3}"
        self.ledger.append(
            [settled_row(f"key-{number % 7}", at, customerId=customer, **outcome)],
            f"20261101T000000000Z-{len(self.bucket.objects)}",
        )

    def truth(self, hour: int) -> HourTotals:
        return totals_of(self.ledger.read)(hour)

    def reads(self, prefix: str) -> Counter[str]:
        return Counter(name for name in self.bucket.names_read if name.startswith(prefix))


def test_in_a_month_of_closings_an_object_is_read_once_or_twice() -> None:
    """Each hour has its turn a hundred times in 37 days; usage that is late has it read again."""
    kept = Kept()
    day = range(FIRST_HOUR, FIRST_HOUR + 24)
    closings = 0
    for now_ms in range(MONTH_MS, MONTH_MS + 37 * DAY_MS, TICK_MS):
        hour = now_ms // HOUR_MS
        if hour in day and now_ms % HOUR_MS in {0, 30 * 60_000}:
            kept.write(hour, now_ms)
        if now_ms == MONTH_MS + 3 * DAY_MS:  # an outage of Aforo ended: one hour in six is late
            for late in day[::6]:
                kept.write(late, 1)
        for due in due_hours(now_ms, HORIZON_DAYS):
            if due in day:
                closings += 1
                kept.hours.totals_kept(due)
    assert closings > 100 * len(day)
    reads = kept.reads("ledger/")
    assert set(reads) == {name for name in kept.bucket.objects if name.startswith("ledger/")}
    assert set(reads.values()) == {1, 2}
    assert sum(reads.values()) == 48 + 4 * 3
    for hour in day:
        assert kept.hours.totals(hour) == kept.truth(hour)


WRITES = st.lists(
    st.one_of(st.none(), st.tuples(st.integers(0, 1), st.integers(0, 20), st.booleans())),
    max_size=20,
)


@settings(deadline=None)  # two loaded cores
@given(WRITES)
def test_the_sums_are_always_those_of_the_rows(
    steps: list[tuple[int, int, bool] | None],
) -> None:
    """Whatever is written between which closings; also to somebody who only reads."""
    kept = Kept()
    for step in steps:
        if step:
            later, number, set_aside = step
            kept.write(FIRST_HOUR + later, number, set_aside=set_aside)
            continue
        for hour in (FIRST_HOUR, FIRST_HOUR + 1):
            assert kept.hours.totals(hour) == kept.hours.totals_kept(hour) == kept.truth(hour)


def test_who_only_reads_writes_nothing() -> None:
    """An operator's rebuild works with the right to read."""
    kept = Kept()
    kept.write(FIRST_HOUR, 1)
    before = dict(kept.bucket.objects)
    assert kept.hours.totals(FIRST_HOUR).sums
    assert kept.bucket.objects == before


def test_an_hour_without_objects_costs_a_listing_and_nothing_more() -> None:
    """Most hours of a small API at night."""
    kept = Kept()
    assert kept.hours.totals_kept(FIRST_HOUR) == HourTotals({}, 0)
    assert kept.bucket.names_read == []
    assert kept.bucket.objects == {}


@pytest.mark.parametrize("body", [b"", b"no gzip", b"\x1f\x8b\x08\x00"])
def test_damaged_sums_are_made_again(body: bytes) -> None:
    """They are no record: the rows are."""
    kept = Kept()
    kept.write(FIRST_HOUR, 1)
    kept.hours.totals_kept(FIRST_HOUR)
    kept.bucket.objects[sums_name(hour_text(FIRST_HOUR))] = body
    assert kept.hours.totals_kept(FIRST_HOUR) == kept.truth(FIRST_HOUR)
    kept.bucket.names_read.clear()
    assert kept.hours.totals_kept(FIRST_HOUR).sums
    assert not kept.reads("ledger/")


def test_other_rules_make_the_sums_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a row counts for may change with the code; its object does not."""
    names = [f"{hour_prefix('2026-11-01T00')}a.json.gz"]
    before = version_of(names)
    monkeypatch.setattr(kept_sums, "RULES", "sums-2")
    assert version_of(names) != before


def test_a_version_is_the_set_of_names() -> None:
    """In any order, and no two sets look alike by where one name ends."""
    assert version_of(["a", "b"]) == version_of(["b", "a"])
    assert len({version_of(names) for names in (["a", "b"], ["a"], ["ab"], [])}) == 4


def test_sums_of_a_customer_with_any_name_are_kept() -> None:
    """Ids hold what JSON has to escape, and sums beyond 32 bits."""
    bucket: Any = FakeBucket()
    kept = KeptSums(bucket, "bucket")
    totals = HourTotals({Of('cus:"é\n', "api_calls"): 2**53 - 1}, 3)
    kept.keep("2026-11-01T00", "v", totals)
    assert kept.find("2026-11-01T00", "v") == totals
    assert kept.find("2026-11-01T00", "w") is None
    assert kept.find("2026-11-01T01", "v") is None
    assert list(bucket.objects) == ["sums/2026-11-01/00.json.gz"]
