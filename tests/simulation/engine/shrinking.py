"""A run that fails is made short: what is not needed for its failure is left out.

A scenario comes in, as a sequence of what disturbs it; the fewest of them with which it still fails
leave. Delta debugging (Zeller, 2002), by halves and then one by one.
"""

from collections.abc import Callable, Sequence


def shrink[T](parts: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """`fails` says whether a run with these alone still fails in the same way; it is asked of
    subsequences only, and was true of `parts`.
    """
    kept, pieces = list(parts), 2
    while kept:
        size = -(-len(kept) // pieces)
        for start in range(0, len(kept), size):
            without = kept[:start] + kept[start + size :]
            if fails(without):
                kept, pieces = without, max(pieces - 1, 2)
                break
        else:
            if size == 1:
                break
            pieces = min(pieces * 2, len(kept))
    return kept


def shrink_number(number: int, least: int, fails: Callable[[int], bool]) -> int:
    """A small number with which it still fails: by halves, then by a tenth."""
    for share in (2, 10):
        while number > least:
            smaller = max(least, number - max(1, number // share))
            if not fails(smaller):
                break
            number = smaller
    return number
