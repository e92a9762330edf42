"""A set is a set, whatever it is made of; and this one says how large it gets."""

from hypothesis import given
from hypothesis import strategies as st

from functions.operator.ledger.fingerprint_set import FingerprintSet

# Few enough to repeat, and alike in their last bits, which choose a place.
NUMBERS = st.integers(1, (1 << 64) - 1) | st.integers(1, 50).map(lambda n: n << 40)


@given(st.lists(NUMBERS, max_size=300))
def test_each_number_is_new_once(numbers: list[int]) -> None:
    """As for Python's own set."""
    kept, known = FingerprintSet(), set[int]()
    for number in numbers:
        assert kept.add(number) is (number not in known)
        known.add(number)
    assert len(kept) == len(known)


def test_it_grows_by_24_bytes_a_number_at_most() -> None:
    """And finds all of them after it has grown."""
    kept = FingerprintSet()
    numbers = [number * 0x9E3779B97F4A7C15 % (1 << 64) for number in range(1, 50_001)]
    assert all(kept.add(number) for number in numbers)
    assert not any(kept.add(number) for number in numbers)
    assert len(kept._places) * 8 <= 24 * len(numbers)
