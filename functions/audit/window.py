"""What is audited at a time: the lines that one source wrote in some minutes, whole or a share of
its log streams; and the name under which the result is kept.

    audits/<source>/<yyyy-mm-dd>/<hhmmss>.<seconds>.<shard>-<shards>.<open|closed>.json.gz

A line belongs to the window in which CloudWatch has its timestamp, a request to that of its first
line: so each belongs to one window, and windows of one length never overlap.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, Self

from functions.usage.moment import DAY_MS, epoch_ms_from_iso, iso_from_epoch_ms

AUDITS_PREFIX = "audits/"
_NAME = re.compile(
    r"audits/(?P<source>[^/]+)/(?P<day>\d{4}-\d\d-\d\d)/(?P<hh>\d\d)(?P<mm>\d\d)(?P<ss>\d\d)"
    r"\.(?P<seconds>\d+)\.(?P<shard>\d+)-(?P<shards>\d+)\.(?P<state>open|closed)\.json\.gz"
)


class AuditWindow(NamedTuple):
    """Epoch milliseconds, `to_ms` not included. Of several shards each has its own log streams."""

    source: str
    from_ms: int
    to_ms: int
    shard: int = 0
    shards: int = 1

    @property
    def seconds(self) -> int:
        return (self.to_ms - self.from_ms) // 1000

    def object_name(self, *, closed: bool) -> str:
        """Where its result stands."""
        moment = iso_from_epoch_ms(self.from_ms)
        at = f"{moment[11:13]}{moment[14:16]}{moment[17:19]}"
        state = "closed" if closed else "open"
        part = f"{self.shard}-{self.shards}"
        return f"{day_prefix(self.source, self.from_ms)}{at}.{self.seconds}.{part}.{state}.json.gz"

    def __str__(self) -> str:
        """As logs and reports name it."""
        part = f" shard {self.shard} of {self.shards}" if self.shards > 1 else ""
        return f"{self.source} {iso_from_epoch_ms(self.from_ms)} {self.seconds} s{part}"


class NamedWindow(NamedTuple):
    """What an object's name says."""

    window: AuditWindow
    closed: bool

    @classmethod
    def read(cls, name: str) -> Self | None:
        """None for a name that is no window's."""
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        said = found.groupdict()
        moment = f"{said['day']}T{said['hh']}:{said['mm']}:{said['ss']}Z"
        try:
            from_ms = epoch_ms_from_iso(moment)
        except ValueError:
            return None
        to_ms = from_ms + int(said["seconds"]) * 1000
        shard, shards = int(said["shard"]), int(said["shards"])
        return cls(
            AuditWindow(said["source"], from_ms, to_ms, shard, shards), said["state"] == "closed"
        )


def source_prefix(source: str) -> str:
    """All windows of a source, in the order of time."""
    return f"{AUDITS_PREFIX}{source}/"


def day_prefix(source: str, at_ms: int) -> str:
    """Those that begin on the UTC day of `at_ms`."""
    return f"{source_prefix(source)}{iso_from_epoch_ms(at_ms)[:10]}/"


def days_between(from_ms: int, to_ms: int) -> Iterator[int]:
    """The beginning of each UTC day that the range touches, epoch milliseconds."""
    return iter(range(from_ms - from_ms % DAY_MS, to_ms, DAY_MS))


def windows_between(
    source: str, from_ms: int, to_ms: int, *, seconds: int, shards: int = 1
) -> Iterator[AuditWindow]:
    """All windows that begin in the range, oldest first. They begin at multiples of their length
    since the epoch, whoever asks.
    """
    length = seconds * 1000
    for start in range(-(-from_ms // length) * length, to_ms, length):
        for shard in range(shards):
            yield AuditWindow(source, start, start + length, shard, shards)
