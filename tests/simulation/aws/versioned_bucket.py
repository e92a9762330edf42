"""One S3 bucket with versions: what is put is there at once, and every version stays."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from itertools import count

from tests.simulation.engine.world import World

type Heard = Callable[[str, bytes | None, bytes | None], None]


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One version; `body` is None for a deletion."""

    key: str
    version_id: str
    body: bytes | None
    modified: datetime

    @property
    def etag(self) -> str:
        return f'"{md5(self.body or b"", usedforsecurity=False).hexdigest()}"'


@dataclass(eq=False)
class VersionedBucket:
    """`watchers` hear of each change: the name, what was there, and what is there now."""

    world: World
    name: str
    versions: dict[str, list[StoredObject]] = field(default_factory=dict)  # oldest first
    watchers: list[Heard] = field(default_factory=list)
    _names: list[str] = field(default_factory=list)  # of what is there, in their order
    _numbers: Iterator[int] = field(default_factory=count)

    def current(self, key: str) -> StoredObject | None:
        """None: there is none, or it was deleted."""
        found = self.versions.get(key)
        return found[-1] if found and found[-1].body is not None else None

    def version(self, key: str, version_id: str) -> StoredObject | None:
        found = self.versions.get(key, [])
        return next((one for one in found if one.version_id == version_id), None)

    def put(self, key: str, body: bytes) -> StoredObject:
        return self._add(key, body)

    def delete(self, key: str) -> None:
        """A delete marker, as in a bucket with versions."""
        self._add(key, None)

    def erase(self, key: str) -> None:
        """All versions, as only a person with rights can do it."""
        gone = self.current(key)
        self.versions.pop(key, None)
        if gone is not None:
            self._names.pop(bisect_left(self._names, key))
            self._tell(key, gone.body, None)

    def names(self, prefix: str = "", after: str = "") -> list[str]:
        """Of what is there, in S3's order."""
        start = max(bisect_left(self._names, prefix), bisect_right(self._names, after))
        found = []
        for name in self._names[start:]:
            if not name.startswith(prefix):
                break
            found.append(name)
        return found

    def bodies(self, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        """What is there, for who looks from outside."""
        for name in self.names(prefix):
            yield name, self.versions[name][-1].body or b""

    def _add(self, key: str, body: bytes | None) -> StoredObject:
        before = self.current(key)
        # S3 knows seconds only.
        modified = datetime.fromtimestamp(int(self.world.now), UTC)
        made = StoredObject(key, f"v{next(self._numbers):08}", body, modified)
        self.versions.setdefault(key, []).append(made)
        if before is None and body is not None:
            insort(self._names, key)
        if before is not None and body is None:
            self._names.pop(bisect_left(self._names, key))
        self._tell(key, before.body if before else None, body)
        return made

    def _tell(self, key: str, before: bytes | None, now: bytes | None) -> None:
        for heard in self.watchers:
            heard(key, before, now)
