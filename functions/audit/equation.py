"""served = confirmed + set aside + needs decision + excluded + quarantined + held + unaccounted.

In requests, never in events: a request is as far as the least of its events. Pure.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from functions.usage.from_outside import FromOutside

type Times = Annotated[int, Field(ge=0)]


class Term(StrEnum):
    """Where a request of the log is. The words of docs/explanation/architecture.md."""

    CONFIRMED = "confirmed"  # Aforo has it
    SET_ASIDE = "setAside"  # the ledger says that Aforo has it not
    NEEDS_DECISION = "needsDecision"  # Aforo may have it, and no longer remembers its key
    EXCLUDED = "excluded"  # not billable
    QUARANTINED = "quarantined"  # kept, not billed: not understood or not trustworthy
    HELD = "held"  # not in the ledger, while something as old is still under way
    UNACCOUNTED = "unaccounted"  # not in the ledger, not kept, and nothing as old is under way


class Equation(FromOutside):
    """How many requests are where; `excluded` and `quarantined` by reason."""

    confirmed: Times = 0
    set_aside: Times = 0
    needs_decision: Times = 0
    excluded: Mapping[str, Times] = Field(default_factory=dict)
    quarantined: Mapping[str, Times] = Field(default_factory=dict)
    held: Times = 0
    unaccounted: Times = 0

    @property
    def served(self) -> int:
        """All requests of the log."""
        return sum(self.totals().values())

    @property
    def is_closed(self) -> bool:
        """Whether each request is where it stays until somebody acts."""
        return not self.held and not self.unaccounted

    def totals(self) -> dict[Term, int]:
        """By term, reasons added up."""
        return {
            Term.CONFIRMED: self.confirmed,
            Term.SET_ASIDE: self.set_aside,
            Term.NEEDS_DECISION: self.needs_decision,
            Term.EXCLUDED: sum(self.excluded.values()),
            Term.QUARANTINED: sum(self.quarantined.values()),
            Term.HELD: self.held,
            Term.UNACCOUNTED: self.unaccounted,
        }

    def as_json(self) -> dict[str, object]:
        """What is nothing is left out."""
        return {name: said for name, said in self.model_dump(by_alias=True).items() if said}

    @classmethod
    def sum_of(cls, parts: Iterable["Equation"]) -> Self:
        """All of them together."""
        figures: dict[str, int] = {}
        reasons: dict[str, dict[str, int]] = {"excluded": {}, "quarantined": {}}
        for part in parts:
            for name in ("confirmed", "set_aside", "needs_decision", "held", "unaccounted"):
                figures[name] = figures.get(name, 0) + getattr(part, name)
            for name, total in reasons.items():
                for reason, times in getattr(part, name).items():
                    total[reason] = total.get(reason, 0) + times
        return cls.model_validate(
            {_alias(name): said for name, said in (figures | reasons).items()}
        )


def _alias(name: str) -> str:
    return Equation.model_fields[name].alias or name


class WindowRecord(FromOutside):
    """What an audit found in one window: the object under `AuditWindow.object_name`. Times are ISO
    8601 UTC. `customers` has the same terms by customer, `""` for requests that name nobody; their
    sum is `equation`. `repairs` is how often what is missing was metered again by itself.
    """

    version: int = 1
    source: str
    log_group: str
    start: str
    end: str
    audited_at: str
    lines: Times
    equation: Equation
    customers: Mapping[str, Equation] = Field(default_factory=dict)
    repairs: Times = 0

    def as_json(self) -> dict[str, object]:
        customers = {one: terms.as_json() for one, terms in self.customers.items()}
        said = self.model_dump(by_alias=True, exclude={"equation", "customers"})
        return {**said, "equation": self.equation.as_json(), "customers": customers}
