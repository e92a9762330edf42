"""Which messages a replay holds, as its rounds ask it one after the other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.replay import held_index
from functions.replay.limits import round_prefix
from functions.replay.manifest import HeldRow, Manifests
from tests.fakes.s3_objects import FakeBucket

REPLAY = "r-1"


def held(number: int) -> HeldRow:
    return {
        "messageId": f"m-{number}",
        "receiptHandle": "r",
        "why": "not_chosen",
        "setAsideClass": "config",
        "events": 1,
    }


def put(bucket: Any, round_number: int, numbers: list[int], name: str = "a") -> None:
    move = f"{round_prefix(round_number)}{name}-000"
    Manifests(bucket, "bucket", REPLAY).put_held(move, [held(number) for number in numbers])


def ids(bucket: Any, round_number: int) -> set[str]:
    return Manifests(bucket, "bucket", REPLAY).held_ids(round_number)


@given(
    rounds=st.lists(st.lists(st.integers(0, 99), max_size=9), max_size=30),
    asks=st.sets(st.integers(1, 30)),
    size=st.integers(1, 20),
)
def test_each_round_knows_what_the_rounds_before_it_held(
    rounds: list[list[int]], asks: set[int], size: int
) -> None:
    """Whichever of them asked, and put the ids together."""
    bucket: Any = FakeBucket()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(held_index, "ROWS_BEFORE_AN_INDEX", size)
        known: set[str] = set()
        for number, numbers in enumerate(rounds, start=1):
            if number in asks:
                assert ids(bucket, number) == known
            put(bucket, number, numbers)
            known |= {f"m-{one}" for one in numbers}
        assert ids(bucket, len(rounds) + 1) == known


def test_what_a_try_of_the_round_held_before_it_died_is_known() -> None:
    """Also to the rounds after, and to a try that puts the ids together again."""
    bucket: Any = FakeBucket()
    put(bucket, 1, list(range(held_index.ROWS_BEFORE_AN_INDEX)))
    put(bucket, 2, [5_000], "died")
    assert len(ids(bucket, 2)) == held_index.ROWS_BEFORE_AN_INDEX + 1
    put(bucket, 2, [5_001], "died-later")
    put(bucket, 2, [5_002], "answered")
    assert {"m-5000", "m-5001", "m-5002", "m-0"} <= ids(bucket, 3)


def test_a_round_reads_what_is_new_and_the_ids_of_the_rest() -> None:
    """Not every row again in every round: ten times the rounds read ten times the objects."""
    read: dict[int, int] = {}
    for rounds in (20, 200):
        bucket: Any = FakeBucket()
        for number in range(1, rounds + 1):
            ids(bucket, number)
            put(bucket, number, list(range(number * 500, number * 500 + 500)))
        read[rounds] = len(bucket.names_read)
    assert read[200] <= 12 * read[20]
