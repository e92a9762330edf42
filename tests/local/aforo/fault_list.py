"""The faults in force, in the order given, and which one applies. Pure.

Guarantee: a post meets the first fault that is not exhausted and fits it, and no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.local.aforo.faults import AnyFault, Group, Order


@dataclass(slots=True, eq=False)
class Active:
    fault: AnyFault
    applied: int = 0
    applied_elsewhere: int = 0  # to other routes than ingest, in an outage

    @property
    def is_exhausted(self) -> bool:
        return self.fault.count is not None and self.applied >= self.fault.count

    def is_cause(self, findings: Sequence[str]) -> bool:
        """Whether a post was refused for it: poison refuses the events that it chose."""
        return self.fault.kind == "poison" and bool(findings)

    def give_back(self) -> None:
        """The post was refused for a reason of its own: the fault waits for the next one."""
        self.applied -= 1


@dataclass(slots=True)
class Faults:
    active: list[Active] = field(default_factory=list)

    def add(self, order: Order) -> None:
        self.active += [Active(fault) for fault in order.faults]

    def for_post(self, events: Sequence[Any]) -> Active | None:
        for active in self.active:
            if not active.is_exhausted and active.fault.fits(events):
                active.applied += 1
                return active
        return None

    def for_route(self, group: Group) -> Active | None:
        for active in self.active:
            if active.fault.reaches(group):
                active.applied_elsewhere += 1
                return active
        return None
