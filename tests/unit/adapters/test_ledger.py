"""The ledger is a set by key: what one row of a key outweighs another."""

from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.json_lines import UnreadableObject, put_lines
from functions.adapters.key_filter import Sieve, key_filter
from functions.adapters.ledger import Ledger, hour_prefix, may_hold, replay_prefix, settled_once
from functions.usage.ledger_row import LedgerRow
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.set_aside_messages import OCCURRED_AT, ledger_row

HOUR = OCCURRED_AT[:13]
ROWS = st.lists(
    st.builds(
        ledger_row,
        st.integers(0, 5),
        set_aside_class=st.sampled_from(["", "", "poison", "exhausted"]),
        replay_id=st.sampled_from(["", "replay-1", "replay-2"]),
    ),
    max_size=25,
)


def confirmed(rows: Iterable[LedgerRow]) -> set[str]:
    return {row["key"] for row in rows if row["outcome"] == "confirmed"}


@given(ROWS)
def test_each_key_has_one_row_which_was_there(rows: list[LedgerRow]) -> None:
    """Nothing is lost, made up or doubled."""
    kept = settled_once(rows)
    assert set(kept) == {row["key"] for row in rows}
    assert all(row in rows and row["key"] == key for key, row in kept.items())


@given(ROWS, st.randoms())
def test_a_confirmed_row_outweighs_in_any_order(rows: list[LedgerRow], random: Random) -> None:
    """S3 lists by name, not by time: what was billed is billed wherever its row stands."""
    shuffled = [*rows]
    random.shuffle(shuffled)
    assert confirmed(settled_once(shuffled).values()) == confirmed(rows)


@given(ROWS)
def test_of_rows_that_weigh_the_same_the_first_stands(rows: list[LedgerRow]) -> None:
    """So a replay's report does not claim what had been billed before it."""
    for key, row in settled_once(rows).items():
        alike = [r for r in rows if r["key"] == key and r["outcome"] == row["outcome"]]
        assert row is alike[0]


@given(ROWS, ROWS)
def test_read_twice_is_read_once(rows: list[LedgerRow], more: list[LedgerRow]) -> None:
    """An invocation that wrote its rows again changes nothing; nor does reading in two parts."""
    once = settled_once(rows)
    assert settled_once([*rows, *rows]) == once
    assert settled_once([*once.values(), *more]) == settled_once([*rows, *more])


def test_what_is_not_of_this_ledger_is_named() -> None:
    """A row that nobody can read is no reason to pass over it, and one object in thousands."""
    name = f"{hour_prefix(HOUR)}foreign.json.gz"
    bucket: Any = FakeBucket()
    put_lines(bucket, "bucket", name, [{"n": 1}])
    with pytest.raises(UnreadableObject) as raised:
        list(Ledger(bucket, "bucket").read(hour_prefix(HOUR)))
    assert raised.value.name == name


@pytest.mark.parametrize("name", ["", "copy.json", "notes.txt", "old/"])
def test_what_is_no_object_of_a_ledger_by_its_name_is_passed_over(name: str) -> None:
    """The console's "Create folder" leaves an empty object that ends with a slash."""
    bucket: Any = FakeBucket()
    ledger = Ledger(bucket, "bucket")
    ledger.append([ledger_row(1)], "20261123T100100000Z-a")
    bucket.objects[f"{hour_prefix(HOUR)}{name}"] = b""
    assert list(ledger.read(hour_prefix(HOUR))) == [ledger_row(1)]
    assert len(list(ledger.names(hour_prefix(HOUR)))) == 1


def test_prefixes_are_the_layout_that_others_read() -> None:
    """Athena, audit and replay find rows by them."""
    assert hour_prefix("2026-10-02T08") == "ledger/2026-10-02/08/"
    assert replay_prefix("replay-1") == "replays/replay-1/settled/"


def test_an_object_whose_name_says_nothing_of_its_keys_is_read() -> None:
    """An older forwarder wrote no filter, and a newer one may write another."""
    sieve = Sieve(["apigw1-a"])
    for name in ("20261002T081530412Z-r.json.gz", "20261002T081530412Z-r.f9-AAAA.json.gz"):
        assert may_hold(f"ledger/2026-10-02/08/{name}", sieve)
    others = f"20261002T081530412Z-r.{key_filter(['apigw1-b'])}.json.gz"
    assert not may_hold(f"ledger/2026-10-02/08/{others}", sieve)
