"""A compacted hour says of every key what its objects say, in a few kilobytes."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.compacted_hours import head_name
from functions.adapters.json_lines import UnreadableObject
from functions.adapters.ledger import Ledger, hour_prefix
from functions.forwarder.ledger_lookup import LedgerLookup
from functions.reconciliation import compaction
from functions.reconciliation.compacting import FEWEST_OBJECTS, Compacting
from functions.reconciliation.compaction import packed_parts
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.settled_row import settled_row

HOUR = "2026-11-23T10"
EPOCH_HOUR = epoch_ms_from_iso(f"{HOUR}:00Z") // HOUR_MS
NOW = datetime(2026, 11, 25, tzinfo=UTC)
KEYS = st.sampled_from(
    ["apigw1-a", "apigw1-b", "apigw1-c", "ü", 'a"b', "\ufffd", "\U0001f600", "~"]
)


class DiedError(Exception):
    """The process ends here."""


class MortalBucket(FakeBucket):
    """Dies before or after the put of a number."""

    def __init__(self) -> None:
        super().__init__()
        self.puts_left = -1
        self.is_put_at_the_end = False

    def put_object(self, **asked: Any) -> None:
        self.puts_left -= 1
        if self.puts_left == 0 and not self.is_put_at_the_end:
            raise DiedError
        super().put_object(**asked)
        if self.puts_left == 0:
            raise DiedError


class Hour:
    """An hour of a ledger in memory."""

    def __init__(self) -> None:
        self.bucket = MortalBucket()
        s3: Any = self.bucket
        self.s3 = s3
        self.ledger = Ledger(s3, "bucket")
        self.now = NOW
        self.written = 0

    def write(self, *keys: str, outcome: str = "confirmed", at: datetime | None = None) -> None:
        began = at or NOW - timedelta(days=1) + timedelta(seconds=self.written)
        rows = [settled_row(key, f"{HOUR}:00:00.000Z", outcome=outcome) for key in keys]
        self.ledger.append(rows, f"{began:%Y%m%dT%H%M%S}000Z-{self.written}")
        self.written += 1

    def compact(self, fewest: int = 1) -> bool:
        return Compacting(self.s3, "bucket", lambda: self.now, fewest).compact(EPOCH_HOUR)

    def report_says(self, keys: set[str]) -> set[tuple[str, str]]:
        """As a replay's report asks."""
        read = self.ledger.hour_of_keys(HOUR, keys)
        return {(row["key"], row["outcome"]) for _, rows in read for row in rows}

    def says(self, keys: set[str]) -> set[tuple[str, str]]:
        found = LedgerLookup(self.ledger, lambda: self.now).look_up(HOUR, keys, lambda: True)
        assert found.is_whole
        return {(row["key"], row["outcome"]) for row in found.rows}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs, blocks and parts of a few rows."""
    monkeypatch.setattr(compaction, "RUN_ROWS", 7)
    monkeypatch.setattr(compaction, "BLOCK_ROWS", 3)
    monkeypatch.setattr(compaction, "PART_ROWS", 9)


@given(st.lists(st.tuples(KEYS, st.integers(1, 3)), max_size=80), st.frozensets(KEYS))
def test_the_rows_of_a_key_are_all_there_once(
    written: list[tuple[str, int]], wanted: frozenset[str]
) -> None:
    """Whatever the keys and the order; equal rows are one."""
    hour, at = Hour(), f"{HOUR}:00:00.000Z"
    rows = [settled_row(key, at, quantity=quantity) for key, quantity in written]
    for number, row in enumerate(rows):
        hour.ledger.append([row], f"20261124T000000000Z-{number:03}")
    assert hour.compact() is bool(rows)
    head = hour.ledger.compacted.head(HOUR)
    if head is None:
        assert not rows
        return
    answers = list(hour.ledger.compacted.rows_of(head, wanted))
    assert sorted(key for keys, _ in answers for key in keys) == sorted(wanted)
    found = [(row["key"], row["quantity"]) for _, some in answers for row in some]
    assert sorted(found) == sorted({(key, n) for key, n in written if key in wanted})


def test_parts_are_in_the_order_of_keys_and_bounded() -> None:
    """By ranges that do not overlap."""
    keys = [f"apigw1-{number:04}" for number in range(100)]
    Random(7).shuffle(keys)
    packed = list(packed_parts(settled_row(key, f"{HOUR}:00:00.000Z") for key in keys))
    firsts = [part.index_span.first for part in packed]
    assert firsts == sorted(firsts)
    assert len(packed) >= 100 // 9
    assert list(packed_parts([])) == []


@pytest.mark.parametrize("is_put", [False, True])
def test_a_crash_at_any_put_loses_nothing(*, is_put: bool) -> None:
    """Before the head is there the hour is read as it was; done again, it is compacted."""
    keys = {f"key-{number}" for number in range(30)}
    for puts in range(1, 6):
        hour = Hour()
        for key in sorted(keys):
            hour.write(key)
        truth = hour.says(keys)
        hour.bucket.puts_left, hour.bucket.is_put_at_the_end = puts, is_put
        with pytest.raises(DiedError):
            hour.compact()
        hour.bucket.puts_left = -1
        assert hour.says(keys) == truth
        hour.compact()
        assert hour.ledger.compacted.head(HOUR)
        assert hour.says(keys) == truth


def test_late_usage_is_read_beside_it_and_compacted_in_its_turn() -> None:
    """What came after is found at once, and the ledger's own objects stay as they are."""
    hour = Hour()
    hour.write("a", outcome="set_aside")
    assert hour.compact()
    assert not hour.compact()
    hour.write("a", at=NOW - timedelta(minutes=1))
    hour.write("b", at=NOW - timedelta(minutes=14))
    assert hour.report_says({"a", "b"}) == hour.says({"a", "b"})
    assert hour.says({"a", "b"}) == {("a", "set_aside"), ("a", "confirmed"), ("b", "confirmed")}
    hour.now += timedelta(minutes=15)
    assert hour.compact()
    hour.bucket.names_read.clear()
    assert hour.says({"a", "b"}) == {("a", "set_aside"), ("a", "confirmed"), ("b", "confirmed")}
    assert hour.report_says({"a", "b"}) == hour.says({"a", "b"})
    assert not [name for name in hour.bucket.names_read if name.startswith("ledger/")]
    assert len(list(hour.ledger.names(hour_prefix(HOUR)))) == 3


def test_who_is_still_running_is_not_taken_for_absent() -> None:
    """Its object comes later under an earlier name than others that are there."""
    hour = Hour()
    hour.write("a", at=NOW - timedelta(minutes=10))
    assert not hour.compact()
    hour.write("b", at=NOW - timedelta(hours=2))
    assert hour.compact()
    hour.write("c", at=NOW - timedelta(minutes=14))
    assert hour.says({"a", "b", "c"}) == {(key, "confirmed") for key in "abc"}


def test_an_hour_of_few_objects_is_left_as_it_is() -> None:
    """A lookup reads all of them in a second."""
    hour = Hour()
    for number in range(FEWEST_OBJECTS - 1):
        hour.write(f"key-{number}")
    assert not hour.compact(FEWEST_OBJECTS)
    hour.write("one more")
    assert hour.compact(FEWEST_OBJECTS)


@pytest.mark.parametrize("name", ["head.json", "0000.json.gz"])
def test_what_is_damaged_is_named(name: str) -> None:
    """The event waits, as with any object of the ledger that cannot be read."""
    hour = Hour()
    hour.write("a")
    hour.compact()
    (found,) = [one for one in hour.bucket.objects if one.endswith(name)]
    hour.bucket.objects[found] = b"{}" * 400
    with pytest.raises(UnreadableObject, match=name):
        hour.says({"a"})


def test_a_lookup_reads_a_few_kilobytes_however_large_the_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Head, index and block: the same for ten times the rows. And memory does not grow with it."""
    for name, size in (("RUN_ROWS", 2_000), ("BLOCK_ROWS", 256), ("PART_ROWS", 65_536)):
        monkeypatch.setattr(compaction, name, size)
    costs = []
    for size in (4_000, 40_000):
        hour = Hour()
        keys = [f"apigw1-{Random(number).randbytes(20).hex()}" for number in range(size)]
        for first in range(0, size, 1_000):
            hour.write(*keys[first : first + 1_000])
        assert hour.compact()
        hour.bucket.bytes_read, hour.bucket.names_read = 0, []
        assert hour.says({keys[7], "apigw1-absent"}) == {(keys[7], "confirmed")}
        assert not [name for name in hour.bucket.names_read if name.startswith("ledger/")]
        costs.append((hour.bucket.bytes_read, len(hour.bucket.names_read)))
    assert all(size < 64 * 1024 and calls <= 4 for size, calls in costs), costs


def test_memory_is_that_of_a_run_and_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows of a busy hour pass through."""
    for name, size in (("RUN_ROWS", 5_000), ("BLOCK_ROWS", 256), ("PART_ROWS", 5_000)):
        monkeypatch.setattr(compaction, name, size)

    def passing(size: int) -> Iterator[LedgerRow]:
        for number in range(size):
            yield settled_row(f"apigw1-{number * 7919 % size:08}", f"{HOUR}:00:00.000Z")

    peaks = []
    for size in (10_000, 50_000):
        tracemalloc.start()
        try:
            assert sum(1 for _ in packed_parts(passing(size))) >= size // 5_000
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    # Beside the run and the part: a tenth of a megabyte for each run that is merged.
    assert peaks[1] < 1.5 * peaks[0], peaks


def test_an_hour_that_is_not_compacted_has_no_head() -> None:
    """Nor has one whose head somebody deleted: the ledger's own objects are read."""
    hour = Hour()
    hour.write("a")
    assert hour.ledger.compacted.head(HOUR) is None
    hour.compact()
    del hour.bucket.objects[head_name(HOUR)]
    assert hour.says({"a"}) == {("a", "confirmed")}
