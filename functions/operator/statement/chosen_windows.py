"""The windows that an audit has kept of one source come in; those to count leave.

Windows of one length never overlap; a range that was audited by the hour overlaps those of five
minutes. Guaranteed: no two that are chosen overlap, so no request counts twice; no other choice
covers more time, nor, covering as much, has more of it closed. Pure.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from functions.audit.window import NamedWindow


class WholeWindow(NamedTuple):
    """All shards of a time, `from_ms <= time < to_ms`."""

    from_ms: int
    to_ms: int
    parts: tuple[NamedWindow, ...]

    @property
    def is_closed(self) -> bool:
        return all(part.closed for part in self.parts)


def chosen_windows(kept: Iterable[NamedWindow]) -> list[WholeWindow]:
    """In the order of time. A window of which a shard is missing was not audited."""
    windows = sorted(_whole(kept), key=lambda one: (one.to_ms, one.from_ms))
    ends = [one.to_ms for one in windows]
    # The best choice among the first n windows: time covered, of it closed, how many; and the last
    # window of that choice, with the n before it. Shorter windows win where all else is equal.
    best: list[tuple[tuple[int, int, int], int, int]] = [((0, 0, 0), -1, 0)]
    for at, one in enumerate(windows):
        before = bisect_right(ends, one.from_ms, hi=at)
        (covered, closed, count), length = best[before][0], one.to_ms - one.from_ms
        taken = (covered + length, closed + length * one.is_closed, count + 1)
        best.append(max((taken, at, before), best[at], key=lambda choice: choice[0]))
    return list(_walked_back(windows, best))[::-1]


def _walked_back(
    windows: list[WholeWindow], best: list[tuple[tuple[int, int, int], int, int]]
) -> Iterator[WholeWindow]:
    _, last, before = best[-1]
    while last >= 0:
        yield windows[last]
        _, last, before = best[before]


def _whole(kept: Iterable[NamedWindow]) -> Iterator[WholeWindow]:
    shards: dict[tuple[int, int, int], dict[int, NamedWindow]] = defaultdict(dict)
    for named in kept:
        window = named.window
        found = shards[window.from_ms, window.to_ms, window.shards]
        # Closed outranks open: the open one is what the audit saw before.
        if named.closed or window.shard not in found:
            found[window.shard] = named
    seen: dict[tuple[int, int], WholeWindow] = {}
    for (from_ms, to_ms, count), parts in sorted(shards.items()):
        whole = WholeWindow(from_ms, to_ms, tuple(parts[shard] for shard in sorted(parts)))
        known = seen.get((from_ms, to_ms))
        if len(parts) == count and from_ms < to_ms and not (known and known.is_closed):
            seen[from_ms, to_ms] = whole
    yield from seen.values()
