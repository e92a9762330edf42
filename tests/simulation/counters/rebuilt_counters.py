"""A person who runs `aforo-metering rebuild` while the counters are not to be trusted, with the
command's own code, until it is done.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from functions.adapters.ledger import Ledger
from functions.adapters.message_queue import MessageQueue
from functions.operator.counter_commands.register import Register
from functions.operator.rebuild.rebuilding import Rebuild, Tools
from functions.reconciliation.kept_sums import KeptSums
from functions.reconciliation.summed_hours import SummedHours
from tests.simulation.aws.function import Function
from tests.simulation.counters.counter_stops import CounterPlaces
from tests.simulation.engine.process import Process
from tests.simulation.engine.world import World

# As the command waits for its parts.
WAIT_MS = 900_000
AGAIN_SECONDS = 60.0


@dataclass
class Rebuilding:
    """`is_trusted` says whether the counters are open. Hours since `since_hour` are closed."""

    world: World
    places: CounterPlaces
    lambdas: Any
    reconciliation: Function
    register_bucket: str
    is_trusted: Callable[[], bool]
    since_hour: int
    runs: int = 0
    is_under_way: bool = False

    def begin(self) -> None:
        """Unless one is at it, or there is nothing to do."""
        if self.is_under_way or self.is_trusted():
            return
        self.is_under_way = True
        self.runs += 1
        person = Process(self.world, "operator", f"rebuild-{self.runs}")
        self.world.tell(person.name, "begins")
        person.invoke(lambda: self._run(person), float("inf"), self._over)

    def _run(self, person: Process) -> bool:
        return Rebuild(self._tools(person), is_sending=True).run(self.since_hour, WAIT_MS)

    def _over(self, answer: object) -> None:
        self.is_under_way = False
        self.world.tell(f"rebuild-{self.runs}", f"ends: {answer}")
        if answer is not True:
            self.world.after(AGAIN_SECONDS, self.begin)

    def _tools(self, person: Process) -> Tools:
        places = self.places
        ledger = Ledger(places.s3, places.ledger_bucket)
        return Tools(
            register=Register(places.s3, self.register_bucket).commands,
            rows=ledger.read,
            sum_up=SummedHours(ledger, KeptSums(places.s3, places.ledger_bucket)).totals,
            send=MessageQueue(places.sqs, places.settled_queue_url).send,
            parts_done=self._parts_done,
            say=lambda text: self.world.tell(person.name, text),
            clock=lambda: int(self.world.now * 1000),
            pause=lambda: person.sleep(1.0),
        )

    def _parts_done(self, version: int) -> int:
        payload = json.dumps({"rebuild": version}).encode()
        answer = self.lambdas.invoke(FunctionName=self.reconciliation.arn, Payload=payload)
        if answer.get("FunctionError"):
            raise RuntimeError(answer["Payload"].read().decode())
        return int(json.loads(answer["Payload"].read())["parts"])
