"""What the comparison asks of those who read the log and account for it, and of those who know the
ledger and the quarantine.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, Self

from functions.adapters.log_events import LogLine
from functions.audit.comparison.expected import Expected
from functions.audit.log.account import Account, AccountedEvent
from functions.audit.log.log_chunk import Chunk, LogKind
from functions.audit.window import AuditWindow


class ReadsLog(Protocol):
    """functions.audit.log.log_window. `gone` are log groups that are not there."""

    gone: set[str]

    def chunks(self, log_group: str, window: AuditWindow, kind: LogKind) -> Iterator[Chunk]: ...


class AsksMetering(Protocol):
    """functions.audit.log.metering_account."""

    def account(self, log_group: str, chunk: Chunk, window: AuditWindow) -> Account: ...


class ReadsSettled(Protocol):
    """functions.audit.comparison.settled."""

    def strike_out(self, expected: Expected, not_before_ms: int, now: datetime) -> None: ...


class Kept(Protocol):
    """The quarantine, of some minutes of a log group."""

    def reason_of(self, log_stream: str, line: LogLine) -> str | None: ...


class ReadsKept(Protocol):
    """functions.audit.comparison.kept_lines."""

    def of(self, log_group: str, from_ms: int, to_ms: int) -> Kept: ...


class MissingRequest(NamedTuple):
    """`events` are those that the ledger has no row of: none where metering quarantines it for
    `reason`, and nobody kept its lines.
    """

    customer: str
    log_stream: str
    lines: tuple[LogLine, ...]
    events: tuple[AccountedEvent, ...]
    reason: str = ""

    @classmethod
    def of(
        cls,
        word: Account,
        customer: str,
        indexes: Sequence[int],
        events: tuple[AccountedEvent, ...],
        reason: str = "",
    ) -> Self:
        """With its lines, as metering's word has them."""
        lines = tuple(word.lines_of(indexes))
        return cls(customer, word.stream_of(indexes), lines, events, reason)
