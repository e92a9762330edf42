"""What a name says of the keys of its object: never a wrong no, and seldom a needless maybe."""

import re
from base64 import urlsafe_b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.key_filter import Sieve, fingerprint, key_filter

KEYS = st.sets(st.text(max_size=50), max_size=200)


@given(KEYS.filter(bool), st.data())
def test_a_key_that_is_there_is_let_through(keys: set[str], data: st.DataObject) -> None:
    """Whatever the keys look like, and whatever else is looked for."""
    one = data.draw(st.sampled_from(sorted(keys)))
    assert Sieve([one]).lets_through(key_filter(keys))
    assert Sieve(["another", one]).lets_through(key_filter(keys))


@given(KEYS)
def test_a_filter_has_four_places_of_each_fingerprint(keys: set[str]) -> None:
    """The form that older objects are filed under: all of those places, and no other."""
    text = key_filter(keys).removeprefix("f1-")
    found = int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    bits = len(urlsafe_b64decode(text + "=" * (-len(text) % 4))) * 8
    expected = {(fingerprint(key) >> shift) % bits for key in keys for shift in (0, 16, 32, 48)}
    assert {place for place in range(bits) if found >> place & 1} == expected


@given(KEYS)
def test_a_filter_fits_into_a_file_name(keys: set[str]) -> None:
    """Beside a writer's 56 characters and `.json.gz`; and it says the same of the same keys."""
    text = key_filter(keys)
    assert re.fullmatch(r"f1-[A-Za-z0-9_-]{11,171}", text)
    assert key_filter(sorted(keys, reverse=True)) == text


@pytest.mark.parametrize(("held", "at_most"), [(1, 5), (30, 60), (64, 60), (100, 200), (150, 600)])
def test_few_other_keys_are_let_through(held: int, at_most: int) -> None:
    """Of 10,000; the expected numbers are half of these and less, and the keys do not vary."""
    text = key_filter([f"held-{number}" for number in range(held)])
    others = (f"other-{number}" for number in range(10_000))
    assert sum(Sieve([other]).lets_through(text) for other in others) <= at_most


def test_nobody_looks_for_anything() -> None:
    """No key, no object."""
    assert not Sieve([]).lets_through(key_filter(["held"]))


@pytest.mark.parametrize("text", ["", "invocation-1", "f2-AAAAAAAAAAA", "f1-A"])
def test_what_is_no_filter_is_read(text: str) -> None:
    """An object of another version, or put there by hand, is no reason to bill twice."""
    assert Sieve(["key"]).lets_through(text)


@given(st.text(max_size=60))
def test_a_fingerprint_is_64_bits_and_never_zero(key: str) -> None:
    """Zero marks an empty place in the set of those that were seen."""
    assert 0 < fingerprint(key) < 1 << 64
