"""The reconcile state machine, each minute: heartbeats into the logs, Aforo's word to the counters.

As statemachine/reconcile.asl.yaml says it: each task has one retry, metering's list may be unknown,
counters or an Aforo that do not answer end a run without a failure.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.usage.heartbeat import HEARTBEAT_STREAM, heartbeat_line
from tests.simulation.aws.function import Function
from tests.simulation.counters.quota_plans import QUOTA_METER
from tests.simulation.engine.process import Died, Raised
from tests.simulation.engine.world import World

RETRY_SECONDS = 1.0

type Steps = Generator[tuple[Function, object], object]


@dataclass
class ReconcileMachine:
    """`put` puts a line into a group's stream; False: it could not. `fetches_every`: of so many
    runs one asks Aforo, the others are of a minute in which nobody is due.
    """

    world: World
    metering: Function
    reconciliation: Function
    fetch: Function
    put: Callable[[str, str, str], bool]
    most_customers: int = 2
    fetches_every: int = 1
    runs: int = 0
    failed: list[str] = field(default_factory=list)

    def start(self) -> None:
        """One execution; it goes on by itself."""
        self.runs += 1
        self._go_on(self._run(), None)

    def _go_on(self, steps: Steps, said: object) -> None:
        try:
            function, event = steps.send(said)
        except StopIteration:
            return
        function.call(event, lambda answer: self._go_on(steps, answer))

    def _run(self) -> Steps:
        listed = yield from self._task(self.metering, {"listSources": True})
        is_known = not isinstance(listed, Died | Raised)
        sources: Sequence[Mapping[str, Any]] = listed["sources"] if is_known else []
        for source in sources:
            self._put_heartbeat(source["logGroup"])
        asks = self.runs % self.fetches_every == 0
        due = yield from self._task(
            self.reconciliation,
            {
                "due": {
                    "meter": QUOTA_METER,
                    "most": self.most_customers if asks else 0,
                    "sources": list(sources),
                    "areSourcesKnown": is_known,
                }
            },
        )
        if self._has_failed("Find who is due", due) or due["outcome"] != "found":
            return
        if not due["customers"]:
            return  # the machine asks for the keys all the same: none are published here
        said = yield from self._task(
            self.fetch, {"meter": QUOTA_METER, "customers": due["customers"]}
        )
        if self._has_failed("Ask Aforo", said) or said["outcome"] != "answered":
            return
        applied = yield from self._task(self.reconciliation, {"apply": said["answers"]})
        self._has_failed("Apply what it said", applied)

    def _task(self, function: Function, event: object) -> Generator[Any, Any, Any]:
        """Its answer, after one retry."""
        answer = yield function, event
        if isinstance(answer, Died | Raised):
            answer = yield function, event
        return answer

    def _has_failed(self, state: str, answer: object) -> bool:
        if not isinstance(answer, Died | Raised):
            return False
        self.failed.append(f"{state}: {answer}")
        self.world.tell("reconcile", f"fails at {state}: {answer}")
        return True

    def _put_heartbeat(self, log_group: str) -> None:
        line = heartbeat_line(int(self.world.now * 1000))
        if not self.put(log_group, HEARTBEAT_STREAM, line):
            self.world.tell("reconcile", f"the heartbeat of {log_group} was not put")
