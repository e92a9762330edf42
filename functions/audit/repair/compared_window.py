"""What an audit's round needs to know of a window that was compared with the ledger."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from functions.audit.equation import WindowRecord
from functions.audit.repair.audit_order import AuditPlace

# Key, meter, quantity, occurredAt.
type MissingEvent = tuple[str, str, int | float, str]


class Missing(Protocol):
    """A request that the ledger has not, with its lines, and with those of its events that it has
    not. `reason`: of one that metering quarantines and nobody keeps; it has no events.
    """

    @property
    def customer(self) -> str: ...
    @property
    def log_stream(self) -> str: ...
    @property
    def lines(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def events(self) -> Sequence[MissingEvent]: ...
    @property
    def reason(self) -> str: ...


class ComparedWindow(Protocol):
    """The window's equation, and what is missing."""

    @property
    def record(self) -> WindowRecord: ...
    @property
    def missing(self) -> Sequence[Missing]: ...


type CompareWindow = Callable[[AuditPlace], ComparedWindow]
