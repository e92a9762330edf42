"""What the audit knows of one source in a range of time."""

from collections.abc import Mapping
from typing import NamedTuple

from functions.audit.equation import Equation
from functions.audit.window import AuditWindow
from functions.usage.moment import iso_from_epoch_ms


class OpenWindow(NamedTuple):
    """Why it is not closed: `repairs` is how often what is missing was metered again."""

    window: AuditWindow
    held: int
    unaccounted: int
    repairs: int
    audited_at: str

    def as_json(self) -> dict[str, object]:
        return {
            "from": iso_from_epoch_ms(self.window.from_ms),
            "to": iso_from_epoch_ms(self.window.to_ms),
            "held": self.held,
            "unaccounted": self.unaccounted,
            "repairs": self.repairs,
            "auditedAt": self.audited_at,
        }


class Unaudited(NamedTuple):
    """Time that is due and was not looked at: so many windows. Epoch milliseconds."""

    from_ms: int
    to_ms: int
    windows: int

    def as_json(self) -> dict[str, object]:
        return {
            "from": iso_from_epoch_ms(self.from_ms),
            "to": iso_from_epoch_ms(self.to_ms),
            "windows": self.windows,
        }


class WitnessSum(NamedTuple):
    """The second witness of some hours: what CloudWatch counted of the source's stages, and the
    requests in the logs of those stages. `not_compared`: hours, by why.
    """

    hours: int = 0
    counted: int = 0
    logged: int = 0
    not_logged: int = 0
    not_compared: Mapping[str, int] = {}

    def as_json(self) -> dict[str, object]:
        return {
            "hours": self.hours,
            "counted": self.counted,
            "logged": self.logged,
            "notLogged": self.not_logged,
            "notCompared": dict(self.not_compared),
        }


class SourceAccount(NamedTuple):
    """`last_audit` is the newest of all looks at its windows, empty where there was none."""

    source: str
    equation: Equation = Equation()
    closed: int = 0
    open_windows: tuple[OpenWindow, ...] = ()
    unaudited: tuple[Unaudited, ...] = ()
    last_audit: str = ""
    witness: WitnessSum = WitnessSum()

    @property
    def missing(self) -> int:
        """Windows."""
        return sum(one.windows for one in self.unaudited)

    @property
    def is_closed(self) -> bool:
        """Whether it was looked at, all of it, and each request is where it stays."""
        return self.closed > 0 and not self.open_windows and not self.unaudited
