"""Hashes of many lines come in; whether one of them was a line leaves. Eight bytes a hash.

A window in which everything is quarantined has millions of kept lines: a set of them would take
some 70 bytes each. Of a million lines, asked for among a million others by two hashes each, one is
found by chance once in four million windows.
"""

from array import array
from bisect import bisect_left
from hashlib import blake2b

_HASH_BYTES = 8
# Sorted one at a time, when one is asked for: Python's own list of them is then small.
_SHARES = 256
_SHIFT = 8 * _HASH_BYTES - 8


def hash_of(*parts: object) -> int:
    """The same for the same parts in their order. What UTF-8 cannot write is a text, too."""
    text = "\0".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=_HASH_BYTES).digest())


class LineHashes:
    """A set of what `hash_of` gives, which only grows."""

    def __init__(self) -> None:
        self._shares = [array("Q") for _ in range(_SHARES)]
        self._unsorted: set[int] = set()

    def add(self, one: int) -> None:
        """A second time changes nothing but the size."""
        number = one >> _SHIFT
        self._shares[number].append(one)
        self._unsorted.add(number)

    def __contains__(self, one: int) -> bool:
        number = one >> _SHIFT
        if number in self._unsorted:
            self._shares[number] = array("Q", sorted(self._shares[number]))
            self._unsorted.discard(number)
        share = self._shares[number]
        at = bisect_left(share, one)
        return at < len(share) and share[at] == one
