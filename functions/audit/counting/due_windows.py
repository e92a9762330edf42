"""The known windows of a source come in; those that nobody has looked at and are due leave. Pure.

Guaranteed: from the oldest known window in reach to the newest that is due there is no gap, also
after a run that left some out, and after a person audited a range. A minute is looked at in windows
of one length.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from functions.audit.window import AuditWindow, windows_between

# Of Aforo's dedup window: one hour of 24 is left for metering again what is found missing.
_REACH = 23, 24
RUNS_APART_MS = 300_000  # as template.yaml has the schedule
RUNS_AT_ONCE = 3  # of one shard, at most: Lambda's 15 minutes


class WindowPlan(NamedTuple):
    """How long a window is, how long after its end it is looked at, by how many shares of streams,
    and how long Aforo remembers a key.
    """

    seconds: int
    delay_seconds: int
    shards: int
    dedup_window_seconds: int

    def reach_from_ms(self, now_ms: int) -> int:
        """What begins before is not looked at by itself."""
        part, whole = _REACH
        return now_ms - self.dedup_window_seconds * 1000 * part // whole

    def is_in_turn(self, window: AuditWindow, now_ms: int) -> bool:
        """Where windows are divided, a run may last until the third one after it. So it takes what
        became due since the last one, or three, six or nine runs ago: others are at the rest.
        """
        waited = now_ms - self.delay_seconds * 1000 - window.to_ms
        return self.shards == 1 or waited // RUNS_APART_MS % RUNS_AT_ONCE == 0

    def is_of_shard(self, window: AuditWindow, shard: int) -> bool:
        """Whether the process of that shard looks at the window. One that was divided into more or
        fewer shards is somebody's, too.
        """
        return window.shard % self.shards == shard

    def due(
        self, source: str, known: Collection[AuditWindow], now_ms: int, *, is_new: bool
    ) -> list[AuditWindow]:
        """Oldest first. Of a new source, whose past nobody asked to audit, only the latest."""
        ended_ms = now_ms - self.delay_seconds * 1000
        length = self.seconds * 1000
        end = ended_ms - ended_ms % length
        begin = first = self.reach_from_ms(now_ms)
        if is_new:
            begin = first = max(begin, end - length)
        elif known and begin <= (oldest := min(window.from_ms for window in known)):
            begin, first = oldest - oldest % length, oldest
        ours = windows_between(source, begin, end, seconds=self.seconds, shards=self.shards)
        spans = {(one.from_ms, one.to_ms, one.shards) for one in known}
        others = [span for span in spans if span[1] - span[0] != length or span[2] != self.shards]
        # The template's parameters were changed: what was begun in other shares is ended in them.
        begun = [
            AuditWindow(source, from_ms, to_ms, shard, shards)
            for from_ms, to_ms, shards in others
            for shard in range(shards)
        ]
        fresh = [part for one in ours for part in _not_in(one, [*others, (begin, first, 1)])]
        return sorted((one for one in {*begun, *fresh} if one not in known), key=_by_time)


def _not_in(window: AuditWindow, spans: Iterable[tuple[int, int, int]]) -> Iterator[AuditWindow]:
    """The window; of one that windows of another length reach into, what they leave of it."""
    reached = window.from_ms
    inside = [one for one in spans if one[0] < window.to_ms and window.from_ms < one[1]]
    for from_ms, to_ms, _ in sorted(inside):
        if reached < from_ms:
            yield window._replace(from_ms=reached, to_ms=from_ms)
        reached = max(reached, to_ms)
    if reached < window.to_ms:
        yield window._replace(from_ms=reached)


def _by_time(window: AuditWindow) -> tuple[int, int, int]:
    return window.from_ms, window.to_ms, window.shard
