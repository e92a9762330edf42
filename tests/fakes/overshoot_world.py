"""What happens around an authorizer while a customer runs into its limit: drawn, and then fixed."""

import random
from dataclasses import dataclass

# Any moment will do; heartbeats are epoch milliseconds.
BEGIN = 1_796_000_000.0
# Enough to come to the limit, to run over it as far as it goes, and to be refused for a while.
REQUESTS = 90


@dataclass(frozen=True, slots=True)
class Outage:
    """Nothing passes from `start` to `end`, epoch seconds."""

    start: float
    end: float

    def after(self, moment: float) -> float:
        """When what comes at `moment` gets through."""
        return self.end if self.start <= moment < self.end else moment


@dataclass(frozen=True, slots=True)
class Plan:
    """What the gateway enforces, and the grant says, from `since` on."""

    since: float
    rate: float
    burst: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One trial's conditions, whatever the authorizer decides."""

    plans: tuple[Plan, ...]
    ttl: int  # seconds for which the gateway keeps an answer
    cap: float
    lag: float  # seconds that a walk takes at most, but for outages
    heartbeat_every: float  # seconds; 0: none
    processes: int
    is_bursty: bool  # the client saves its burst up and sends it at once
    is_slowest: bool  # every walk takes the longest time
    log_delivery: Outage
    provider: Outage
    redis: Outage

    @property
    def grant_lag(self) -> float:
        """What the grant says of the lag: where no heartbeat measures it, outages and all."""
        outages = (self.log_delivery, self.provider, self.redis)
        return self.lag + sum(outage.end - outage.start for outage in outages)

    def plan_at(self, moment: float) -> Plan:
        return next(plan for plan in reversed(self.plans) if plan.since <= moment)

    def greatest(self, start: float, end: float) -> tuple[float, int]:
        """The greatest rate and burst that were enforced at any time from `start` to `end`."""
        first = self.plan_at(max(start, BEGIN))
        among = [first, *(plan for plan in self.plans if start <= plan.since <= end)]
        return max(plan.rate for plan in among), max(plan.burst for plan in among)

    def counted_at(self, served: float, walk: float) -> float:
        """When a request of `served` is in the counter, if its walk takes `walk` seconds."""
        posted = self.provider.after(self.log_delivery.after(served) + walk / 2)
        return self.redis.after(posted + walk / 2)


def draw_world(rng: random.Random) -> World:
    """Small and large limits; rates that change; any outage or none, at any time."""
    rate = rng.uniform(0.5, 20)
    span = REQUESTS / rate
    return World(
        plans=_draw_plans(rng, rate, span),
        ttl=rng.choice([0, 0, 1, 5]),
        cap=rng.choice([0, 0.05, 0.05, 1]),
        lag=rng.choice([0.5, 3, span / 4, span / 2]),
        heartbeat_every=rng.choice([0, 1, span / 10, 60]),
        processes=rng.randint(1, 3),
        is_bursty=rng.random() < 0.5,
        is_slowest=rng.random() < 0.5,
        log_delivery=_draw_outage(rng, span),
        provider=_draw_outage(rng, span),
        redis=_draw_outage(rng, span),
    )


def _draw_plans(rng: random.Random, rate: float, span: float) -> tuple[Plan, ...]:
    limit = rng.choice([40, 100, 1_000, 50_000])
    plans = [Plan(BEGIN, rate, rng.choice([1, 5, 30]), limit)]
    for _ in range(rng.choice([0, 0, 1, 2])):
        since = plans[-1].since + rng.uniform(0, span / 2)
        limit += rng.choice([0, 0, 10])  # a top-up
        plans.append(Plan(since, rate * rng.uniform(0.2, 3), rng.randint(1, 40), limit))
    return tuple(plans)


def _draw_outage(rng: random.Random, span: float) -> Outage:
    start = BEGIN + rng.uniform(0, span)
    return Outage(start, start + rng.choice([0, 0, 1, span / 4, 40]))
