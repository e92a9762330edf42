"""What a scenario's deeds do, each put on the heap for its time."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from tests.simulation.machines.step_functions import (
    REDRIVEN,
    Execution,
    ExecutionAlreadyExists,
    StepFunctions,
)
from tests.simulation.operators.deeds import (
    SchedulesAway,
    StartsAudit,
    StartsReplay,
    StopsExecution,
)
from tests.simulation.operators.machine_room import AUDIT, REPLAY
from tests.simulation.simulation import Simulation


@dataclass(eq=False)
class Doing:
    """Of one run. `away`: when the schedules do not run, in epoch seconds."""

    sim: Simulation
    machines: StepFunctions
    stopped: int = 0
    redriven: int = 0

    def __post_init__(self) -> None:
        self.away: list[tuple[float, float]] = []
        arranging = self.sim.arranging
        arranging[StartsReplay] = self._replay
        arranging[StartsAudit] = self._audit
        arranging[StopsExecution] = self._stop
        arranging[SchedulesAway] = self._schedules_away

    def are_schedules_away(self) -> bool:
        now = self.sim.world.now
        return not self.sim.troubles.are_over and any(a <= now < b for a, b in self.away)

    def _at(self, seconds: float) -> float:
        return self.sim.begun + seconds

    def _start(self, machine: str, name: str, order: object) -> None:
        try:
            self.machines.start(machine, name, order)
        except ExecutionAlreadyExists:
            self.sim.world.tell("a person", f"cannot start {name} again")

    def _replay(self, deed: object) -> None:
        assert isinstance(deed, StartsReplay)
        order = json.loads(deed.order)
        self.sim.world.at(self._at(deed.at), lambda: self._start(REPLAY, deed.name, order))

    def _audit(self, deed: object) -> None:
        assert isinstance(deed, StartsAudit)
        begins, ends = (
            datetime.fromtimestamp(self._at(one), UTC).isoformat()
            for one in (deed.begins, deed.ends)
        )
        order = {"from": begins, "to": ends, "dryRun": deed.is_dry, "includeOld": deed.includes_old}
        self.sim.world.at(self._at(deed.at), lambda: self._start(AUDIT, deed.name, order))

    def _stop(self, deed: object) -> None:
        assert isinstance(deed, StopsExecution)

        def stop() -> None:
            for one in self._named(deed.name):
                if one.status == "RUNNING":
                    self.stopped += 1
                    self.machines.stop(one)
                    if deed.redriven_after:
                        self.sim.world.after(deed.redriven_after, partial(self._redrive, one))

        self.sim.world.at(self._at(deed.at), stop)

    def _redrive(self, one: Execution) -> None:
        if one.status in REDRIVEN:
            self.redriven += 1
            self.machines.redrive(one)

    def _named(self, name: str) -> list[Execution]:
        """With a star: the newest that runs, whoever started it."""
        if name == "*":
            return self.machines.running()[-1:]
        return [one for one in self.machines.executions.values() if one.name == name]

    def _schedules_away(self, deed: object) -> None:
        assert isinstance(deed, SchedulesAway)
        self.away.append((self._at(deed.at), self._at(deed.until)))
