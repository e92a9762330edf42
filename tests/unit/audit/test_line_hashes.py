"""What was added is found, and what was not is not."""

from hypothesis import given
from hypothesis import strategies as st

from functions.audit.comparison.line_hashes import LineHashes, hash_of

HASHES = st.integers(0, 2**64 - 1)


@given(st.lists(st.tuples(HASHES, HASHES)))
def test_it_is_a_set(steps: list[tuple[int, int]]) -> None:
    """However adding and asking take turns."""
    hashes, expected = LineHashes(), set[int]()
    for added, asked in steps:
        hashes.add(added)
        expected.add(added)
        assert added in hashes
        assert (asked in hashes) == (asked in expected)
    assert all(one in hashes for one in expected)


@given(st.lists(st.text(st.characters(exclude_categories=[]))))
def test_a_hash_is_of_any_text(parts: list[str]) -> None:
    """Lone surrogates included; 64 bits, and always the same."""
    assert 0 <= hash_of(*parts) < 2**64
    assert hash_of(*parts) == hash_of(*list(parts))


def test_what_differs_has_another_hash() -> None:
    """In kind, time, stream or text."""
    ways = [("id", 1, "a"), ("text", 1, "a", ""), ("text", 1, "", "a"), ("text", 2, "", "a")]
    assert len({hash_of(*parts) for parts in ways}) == len(ways)
