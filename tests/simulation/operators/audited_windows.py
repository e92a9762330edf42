"""What the audit has written of a run's windows, as a person sees it in the ledger's bucket."""

from dataclasses import dataclass, field

from functions.adapters.json_lines import lines_of
from functions.audit.equation import WindowRecord
from functions.audit.window import AUDITS_PREFIX, AuditWindow, NamedWindow
from tests.simulation.aws.versioned_bucket import VersionedBucket


@dataclass
class AuditedWindows:
    """`records` are the newest of each window, which a watcher of the bucket keeps. Traffic is from
    and until two times; what is logged of other times is nobody's.
    """

    bucket: VersionedBucket
    from_ms: int
    until_ms: int
    records: dict[AuditWindow, WindowRecord] = field(default_factory=dict)
    seen: int = 0  # records that were written, each time
    missed: int = 0  # requests that a first look found missing

    def __post_init__(self) -> None:
        self.bucket.watchers.append(self._heard)

    def between(self, from_ms: int, to_ms: int) -> list[WindowRecord]:
        """Of windows that begin there, the oldest first."""
        found = [one for one in self.records if from_ms <= one.from_ms < to_ms]
        return [self.records[one] for one in sorted(found, key=lambda one: one.from_ms)]

    def open_windows(self) -> list[AuditWindow]:
        """In which something is under way or missing, the oldest first."""
        found = [one for one, record in self.records.items() if not record.equation.is_closed]
        return sorted(found, key=lambda one: (one.from_ms, one.source))

    def is_behind(self) -> bool:
        """Whether a window is not closed, or nobody has looked at one."""
        return bool(self.unseen()) or bool(self.open_windows())

    def unseen(self) -> list[tuple[int, int]]:
        """Times of which no window has a record, the oldest first."""
        found, reached = [], self.from_ms
        for one in sorted(self.records, key=lambda one: one.from_ms):
            if reached < one.from_ms:
                found.append((reached, one.from_ms))
            reached = max(reached, one.to_ms)
        return [*found, (reached, self.until_ms)] if reached < self.until_ms else found

    def missing(self) -> int:
        return sum(one.equation.unaccounted for one in self.records.values())

    def _heard(self, key: str, _before: bytes | None, now: bytes | None) -> None:
        if now is None or not key.startswith(AUDITS_PREFIX):
            return
        if (named := NamedWindow.read(key)) is None:
            return
        record = WindowRecord.model_validate_json(next(lines_of([now])))
        if named.window not in self.records:
            self.missed += record.equation.unaccounted
        self.records[named.window] = record
        self.seen += 1
