"""How far an audit is: what one round hands on to the next, through the state machine.

A small object of counts. It comes into `Run a round` and leaves it changed; the state machine never
looks inside. A round whose answer was lost runs again with the same one.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.audit.equation import Equation
from functions.audit.repair.audit_order import AuditOrder
from functions.audit.repair.repair_limits import RepairFate
from functions.usage.from_outside import FromOutside


class AuditProgress(BaseModel):
    """All counts are of this audit, and of windows that it is done with."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    calls: int = 0  # rounds, those that only waited included
    place: int = 0  # the next one to compare
    lines: int = 0
    before: Mapping[str, Equation] = Field(default_factory=dict)  # by source
    after: Mapping[str, Equation] = Field(default_factory=dict)
    requests: Mapping[RepairFate, int] = Field(default_factory=dict)  # that were missing
    events: int = 0  # metered again
    unread: Mapping[str, str] = Field(default_factory=dict)  # sources that cannot be read, and why
    waiting_for: str = ""  # why the last round waited
    in_a_row: int = 0  # seconds waited for that, since anything else was done
    waited: Mapping[str, int] = Field(default_factory=dict)  # seconds, by why
    seconds: Mapping[str, float] = Field(default_factory=dict)  # at work, by phase
    cut: str = ""  # why the rest of the windows is not looked at
    sent_by_ms: int = 0  # nothing is sent after this; 0: it still may be
    has_arrived: bool = False  # the ledger has what was sent, or will not
    settled: int = -1  # the last place that was compared once more

    def but(self, **changes: object) -> Self:
        """The same, with some fields changed."""
        return self.model_copy(update=changes)

    def waiting(self, why: str, seconds: int) -> Self:
        """After one more wait."""
        before = self.in_a_row if self.waiting_for == why else 0
        waited = _added(self.waited, {why: seconds})
        return self.but(waiting_for=why, in_a_row=before + seconds, waited=waited)

    def on_its_way(self) -> Self:
        """Nothing is waited for now."""
        return self.but(waiting_for="", in_a_row=0)

    def working(self, phase: str, seconds: float) -> Self:
        """After some work."""
        return self.but(seconds=_added(self.seconds, {phase: round(seconds, 3)}))

    def repaired(self, requests: Mapping[RepairFate, int], events: int) -> Self:
        return self.but(requests=_added(self.requests, requests), events=self.events + events)

    def as_json(self) -> dict[str, object]:
        """What is nothing is left out: a hundred sources fit into a state."""
        said = self.model_dump(
            mode="json", by_alias=True, exclude_defaults=True, exclude={"before", "after"}
        )
        equations = {"before": self.before, "after": self.after}
        return said | {
            name: {source: one.as_json() for source, one in sums.items()}
            for name, sums in equations.items()
        }


class AuditTask(FromOutside):
    """What the states `Run a round` and `Write the report` ask for."""

    model_config = ConfigDict(extra="ignore")

    run_id: str = Field(min_length=1)  # the execution's name
    started_at: AwareDatetime
    order: AuditOrder
    progress: AuditProgress
    trouble: str = ""


def plus(sums: Mapping[str, Equation], source: str, more: Equation) -> dict[str, Equation]:
    """With one more window of a source."""
    known = sums.get(source, Equation())
    return {**sums, source: Equation.sum_of([known, more])}


def _added[Key: str, Number: (int, float)](
    known: Mapping[Key, Number], more: Mapping[Key, Number]
) -> dict[Key, Number]:
    return {
        **known,
        **{name: known[name] + one if name in known else one for name, one in more.items()},
    }
