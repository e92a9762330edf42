"""How much memory the keys of a window take: a busy hour has millions."""

import sys
import tracemalloc
from array import array

from functions.audit.comparison.expected import Expected

OCCURRED_AT = "2026-10-02T08:59:59.999Z"
EVENTS = 4


def filled(keys: int) -> Expected:
    """Requests of four events each."""
    expected = Expected()
    for number in range(keys // EVENTS):
        expected.add("cus_a", [f"apigw1-{number}-{event}" for event in range(EVENTS)], OCCURRED_AT)
    return expected


def test_a_key_takes_about_20_bytes() -> None:
    """And its request 7 more: held, and at most while it grows."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        expected = filled(100_000)
        after, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert expected.keys == 100_000
    requests = 7 * expected.requests
    assert after - before - requests <= 20 * expected.keys
    assert most - before - requests <= 22 * expected.keys


def test_a_million_keys_take_no_more_each() -> None:
    """As their arrays say of themselves: to trace each allocation takes a minute."""
    expected = filled(1_000_000)
    arrays = [one for one in vars(expected).values() if isinstance(one, array)]
    assert expected.keys == 1_000_000
    assert sum(map(sys.getsizeof, arrays)) <= 20 * expected.keys + 7 * expected.requests
