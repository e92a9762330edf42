"""A customer runs into its limit: how far beyond it is it served, and how far may it be?

Real: the gateway's bucket, CounterRead, LastKnown, the watermark, `decide` and `headroom`. A model:
the walk from request to counter, heartbeats, a gateway that keeps answers. The model keeps what the
bound rests on: rate and burst are enforced; no usage is overtaken by a heartbeat that was put after
it; where no heartbeat is sent, the grant's lag covers every walk.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from functions.authorizer.decision import Allow, DecisionRules
from functions.authorizer.identity import Identity
from functions.usage.quota import headroom, tenant_key
from tests.fakes.authorizer import make_authorizer
from tests.fakes.counter_store import CounterStore
from tests.fakes.overshoot_walk import Walk
from tests.fakes.overshoot_world import BEGIN, REQUESTS, Plan, World
from tests.fakes.settable_clock import SettableClock
from tests.fakes.token_issuer import CUSTOMER, TENANT
from tests.local.gateway.throttle import Throttle

# So often a client asks again, for an outage may end, before it goes home.
PATIENCE = 25
# One customer's: the bucket is shared, answers are kept for each of them.
CREDENTIALS = tuple(
    Identity(customer_id=CUSTOMER, tenant_id=TENANT, environment="live", key_id=key_id)
    for key_id in ("key-1", "key-2", "key-3")
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one process read last from Redis."""

    at: float
    lag: float
    plan: Plan


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway keeps. An Allow lets `bound` calls beyond `limit` happen, and no more."""

    until: float
    is_allow: bool
    limit: int = 0
    bound: float = 0.0


@dataclass(slots=True)
class Result:
    """Of one trial; overshoot and bound at the request that left the least between them."""

    overshoot: int = 0
    bound: float = float("inf")
    served: int = 0
    refused: int = 0

    @property
    def is_violation(self) -> bool:
        return self.overshoot > self.bound


class Trial:
    """One world. `is_blind`: the authorizer is not told of any lag."""

    def __init__(self, world: World, rng: random.Random, *, is_blind: bool = False) -> None:
        self._world, self._rng, self.result = world, rng, Result()
        self._clock, self._store, self._throttle = SettableClock(BEGIN), CounterStore(), Throttle()
        rules = DecisionRules(
            ttl_seconds=world.ttl,
            allow_without_grant=False,
            allow_when_unknown=False,
            headroom_cap=world.cap,
        )
        self._processes = [
            replace(make_authorizer(self._store, self._clock, _say_nothing), rules=rules)
            for _ in range(world.processes)
        ]
        plan = world.plans[0]
        room = min(plan.limit, rng.uniform(0, 2) * (plan.burst + plan.rate * world.lag), REQUESTS)
        self._served = plan.limit - int(room)
        self._walk = Walk(world, rng, self._store, self._served, is_lag_hidden=is_blind)
        self._readings: dict[int, Reading] = {}
        self._kept: dict[str, Answer] = {}
        self._refused_in_a_row = 0

    def run(self) -> Result:
        """Every request of the trial."""
        self._store.strings[tenant_key(TENANT, "generation")] = "1"
        begin = self._served
        for moment in self._moments():
            if self._refused_in_a_row > PATIENCE:
                break
            self._clock.now = moment
            self._walk.count_until(moment)
            self._request(moment)
        self.result.served = self._served - begin
        return self.result

    def _moments(self) -> Iterator[float]:
        """As fast as the plan lets it, or its burst at once and then nothing for as long."""
        moment = BEGIN
        for number in range(REQUESTS):
            plan = self._world.plan_at(moment)
            if not self._world.is_bursty:
                moment += self._rng.uniform(0.3, 1.2) / plan.rate
            elif number % (plan.burst + 3) == 0:
                moment += self._rng.uniform(0.5, 1.2) * plan.burst / plan.rate
            yield moment

    def _request(self, now: float) -> None:
        plan = self._world.plan_at(now)
        identity = self._rng.choice(CREDENTIALS)
        answer = self._kept.get(identity.key_id)
        if answer is None or answer.until <= now:
            answer = self._kept[identity.key_id] = self._ask(identity, now)
        self._refused_in_a_row = 0 if answer.is_allow else self._refused_in_a_row + 1
        if not answer.is_allow:
            self.result.refused += 1
        elif self._throttle.admits(("plan",), rate=plan.rate, burst=plan.burst, now=now):
            self._serve(now, answer)

    def _serve(self, now: float, answer: Answer) -> None:
        self._served += 1
        self._walk.served(now)
        overshoot = self._served - answer.limit
        if answer.bound - overshoot < self.result.bound - self.result.overshoot:
            self.result.bound, self.result.overshoot = answer.bound, overshoot

    def _ask(self, identity: Identity, now: float) -> Answer:
        number = self._rng.randrange(len(self._processes))
        asked_before = len(self._store.exchanges)
        decision = self._processes[number]._decide(identity, 0.0)
        if len(self._store.exchanges) > asked_before and not self._store.fault:
            self._readings[number] = Reading(now, self._walk.lag(now), self._world.plan_at(now))
        until = now + self._world.ttl
        if not isinstance(decision, Allow):
            return Answer(until, is_allow=False)
        return self._promised(self._readings[number], now, until)

    def _promised(self, reading: Reading, now: float, until: float) -> Answer:
        """What the formula says of this Allow: rate and burst are the greatest enforced from what
        is uncounted until the end of the answer, the headroom is of those that the process read.
        """
        plan = reading.plan
        exposure = self._world.ttl + reading.lag + (now - reading.at)
        rate, burst = self._world.greatest(reading.at - reading.lag, until)
        held_back = headroom(
            plan.limit,
            rate_per_second=plan.rate,
            burst=plan.burst,
            exposure_seconds=exposure,
            cap=self._world.cap,
        )
        bound = burst + rate * exposure - held_back
        return Answer(until, is_allow=True, limit=plan.limit, bound=bound)


def _say_nothing(_line: str) -> None:
    """Telemetry of a trial is nobody's."""
