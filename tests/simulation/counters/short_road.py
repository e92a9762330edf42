"""A road of one step, for the tests of the counters' part alone: what is served is in the ledger
and settled a while later, and so a heartbeat is passed on.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx

from functions.adapters.ledger import Ledger
from functions.usage.heartbeat import read_heartbeat
from functions.usage.ledger_row import settled_usage
from functions.usage.message import to_body
from tests.fakes.settled_row import settled_row
from tests.simulation.aws.function import Function
from tests.simulation.aws.simulated_log import LogEvent
from tests.simulation.counters.build_counters import (
    CountersPart,
    build_counters,
)
from tests.simulation.counters.ledger_sums import Account
from tests.simulation.counters.quota_plans import QUOTA_METER, QuotaPlan
from tests.simulation.engine.process import Process
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.road_places import SETTLED_VISIBILITY

LOG_GROUP, SETTLED, LEDGER, CONFIGURATION = "log", "settled usage queue", "ledger", "configuration"
WALK_SECONDS = (5.0, 40.0)


@dataclass
class ShortRoad:
    """`aforo_limits` is what Aforo says of a customer."""

    sim: Simulation
    aforo_limits: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = count()
        self._writers = count()
        sim = self.sim
        sim.queue("counter dead letters", visibility_seconds=60)
        sim.queue(
            SETTLED,
            visibility_seconds=SETTLED_VISIBILITY,
            dead_letters="counter dead letters",
        )
        sim.bucket(LEDGER)
        sim.bucket(CONFIGURATION)
        sim.log_group(LOG_GROUP).watchers.append(self._pass_on)
        sim.secrets.keys = {"AWSCURRENT": "sk_live_1"}

    def build(self, plans: list[QuotaPlan]) -> CountersPart:
        metering = Function(self.sim.world, "metering", None, 60, _listed)  # type: ignore[arg-type]
        self.part = build_counters(
            self.sim,
            plans,
            metering=metering,
            aforo=lambda _process: httpx.Client(
                base_url="https://aforo.test",
                transport=httpx.MockTransport(self._aforo),
                trust_env=False,
            ),
            settled_queue=SETTLED,
            ledger_bucket=LEDGER,
            register_bucket=CONFIGURATION,
            is_elsewhere=lambda _key: False,
        )
        return self.part

    def burst(self, customer: str, requests: int) -> None:
        """They are settled together."""
        rows: list[Any] = []
        now = self.sim.world.now
        at = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
        occurred_at = at.replace("+00:00", "Z")
        for _ in range(requests):
            if self.part.gateway.admits(customer):
                key = f"apigw1-{next(self._numbers):040x}"
                rows.append(settled_row(key, occurred_at, customerId=customer, meter=QUOTA_METER))
                self.part.checks.served(key, Account(customer, QUOTA_METER), now, 1)
                self.part.checks.delivered([key])
        self.sim.world.after(self._walk(), lambda: self._settle(rows))

    def _walk(self) -> float:
        return self.sim.world.chance("walk").uniform(*WALK_SECONDS)

    def _settle(self, rows: list[Any]) -> None:
        if not rows:
            return
        number = next(self._writers)

        def work() -> None:
            s3: Any = self.sim.s3
            at = datetime.fromtimestamp(self.sim.world.now, UTC)
            writer = f"{at:%Y%m%dT%H%M%S}000Z-{number}"
            Ledger(s3, LEDGER).append(rows, writer)
            body = to_body({"version": 1, "settled": [settled_usage(row) for row in rows]})
            self.sim.sqs.send_message(QueueUrl=self.sim.urls[SETTLED], MessageBody=body)

        def done(answer: object) -> None:
            if answer is not None:
                self.sim.world.after(30, lambda: self._settle(rows))

        Process(self.sim.world, "forwarder", f"forwarder-{number}").invoke(work, 120, done)

    def _pass_on(self, event: LogEvent) -> None:
        at_ms = read_heartbeat(event.message)
        body = json.dumps({"version": 1, "heartbeatAtMs": at_ms, "logGroup": LOG_GROUP})

        def send() -> None:
            self.sim.queues[SETTLED].send(body)

        # It overtakes nothing that was served before it.
        self.sim.world.after(WALK_SECONDS[1] + self._walk(), send)

    def _aforo(self, request: httpx.Request) -> httpx.Response:
        customer = json.loads(request.content)["customerId"]
        limit = self.aforo_limits.get(customer)
        said = {"decision": "ALLOW", "currentUsage": 0, "limit": limit}
        return httpx.Response(200, content=iter([json.dumps(said).encode()]))


def _listed(_event: object, _context: object) -> dict[str, object]:
    return {"sources": [{"name": "own", "logGroup": LOG_GROUP, "kind": "access_log"}]}
