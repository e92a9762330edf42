"""What the comparison asks of those who read the log and account for it, and of those who know the
ledger and the quarantine.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from functions.audit.expected import Expected
from functions.audit.window import AuditWindow

type LogLine = Mapping[str, Any]
type LogKind = Literal["access", "execution"]
type AccountedEvent = tuple[str, str, int | float, str]  # key, meter, quantity, occurredAt


class LogPart(Protocol):
    """Some lines of the log."""

    @property
    def lines(self) -> Sequence[LogLine]: ...
    def stream_of(self, index: int) -> str: ...


class MeteringsWord(Protocol):
    """What metering makes of a part; `excluded` by reason and customer, indexes are of lines."""

    @property
    def billed(self) -> Sequence[tuple[str, Sequence[int], Sequence[AccountedEvent]]]: ...
    @property
    def excluded(self) -> Mapping[str, Mapping[str, int]]: ...
    @property
    def quarantined(self) -> Sequence[tuple[str, Sequence[int]]]: ...
    @property
    def quarantined_whole(self) -> str: ...


class ReadsLog(Protocol):
    """functions.audit.log_window. `gone` are log groups that are not there."""

    gone: set[str]

    def chunks(self, log_group: str, window: AuditWindow, kind: LogKind) -> Iterator[LogPart]: ...


class AsksMetering(Protocol):
    """functions.audit.metering_account."""

    def account(self, log_group: str, chunk: LogPart, window: AuditWindow) -> MeteringsWord: ...


class ReadsSettled(Protocol):
    """functions.audit.settled."""

    def strike_out(self, expected: Expected, not_before_ms: int, now: datetime) -> None: ...


class Kept(Protocol):
    """The quarantine, of some minutes of a log group."""

    def reason_of(self, log_stream: str, line: LogLine) -> str | None: ...


class ReadsKept(Protocol):
    """functions.audit.kept_lines."""

    def of(self, log_group: str, from_ms: int, to_ms: int) -> Kept: ...


class MissingRequest(NamedTuple):
    """`events` is empty where metering quarantines it for `reason`, and nobody kept its lines."""

    customer: str
    log_stream: str
    lines: tuple[LogLine, ...]
    events: tuple[AccountedEvent, ...]
    reason: str = ""
