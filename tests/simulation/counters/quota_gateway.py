"""The authorizer as API Gateway asks it, and the usage plans' rate and burst: who passes is served.

The decision is the authorizer's own code with what its module wires; a call is answered in the
moment in which it comes (50 ms at most, in a world of seconds), so its processes never pause.

Watched at each request that is served: how far beyond its limit a customer is, and how far the
bound of docs/explanation/quota.md lets it be, by what that decision read.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from functions.authorizer.authorize import Authorizer, Unauthorized
from functions.authorizer.handler import answer
from functions.usage.quota import overshoot_bound, read_values
from tests.fakes.authorizer_event import authorizer_event
from tests.local.gateway.throttle import Throttle
from tests.simulation.counters.decision_link import DecisionLink, ProcessEnded, Seen
from tests.simulation.counters.quota_plans import QuotaPlan
from tests.simulation.engine.world import World

# Of decisions that a process which has just started makes.
FRESH_SHARE = 0.01


class AuthorizerProcess(NamedTuple):
    """Its link tells what it read."""

    authorizer: Authorizer
    link: DecisionLink


@dataclass
class QuotaGateway:
    """`start` makes a process. `overdue` says how many served units of a customer are older than a
    time (epoch seconds) and not counted: those that the lag does not tell of. `accuse` is told of a
    broken bound.
    """

    world: World
    plans: dict[str, QuotaPlan]
    start: Callable[[], AuthorizerProcess]
    overdue: Callable[[str, float], int]
    accuse: Callable[[str], None]
    processes: list[AuthorizerProcess] = field(default_factory=list)
    throttle: Throttle = field(default_factory=Throttle)
    served: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    answered: Counter[str] = field(default_factory=Counter)  # by effect or code
    nearest: float = float("-inf")  # how near to its bound a customer came; 0: at it
    beyond: int = 0  # served beyond a limit, at most

    def __post_init__(self) -> None:
        self._events = {
            name: authorizer_event(f"Bearer {plan.api_key}") for name, plan in self.plans.items()
        }

    def admits(self, customer: str) -> bool:
        """Whether a request of a customer is served. Who has no plan calls another API."""
        plan = self.plans.get(customer)
        if plan is None:
            return True
        code, process = self._decision(customer)
        if code == "Allow":
            passes = self.throttle.admits(
                (customer,), rate=plan.rate, burst=plan.burst, now=self.world.now
            )
            code = code if passes else "throttled"
        self.answered[code] += 1
        if code != "Allow":
            return False
        self.served[customer].append(self.world.now)
        if (seen := process.link.seen.get(customer)) is not None:
            self._watch(customer, seen)
        return True

    def _decision(self, customer: str) -> tuple[str, AuthorizerProcess]:
        process = self._any_process()
        try:
            policy: Any = answer(self._events[customer], lambda: process.authorizer)
        except Unauthorized:
            return "Unauthorized", process
        except ProcessEnded:
            self.processes.remove(process)
            return "died", process
        if policy["policyDocument"]["Statement"][0]["Effect"] == "Allow":
            return "Allow", process
        return policy["context"]["code"], process

    def _any_process(self) -> AuthorizerProcess:
        chance = self.world.chance("authorizer")
        if not self.processes or chance.random() < FRESH_SHARE:
            self.processes = [*self.processes[-2:], self.start()]
        return chance.choice(self.processes)

    def _watch(self, customer: str, seen: Seen) -> None:
        promised = promise(seen, self.world.now)
        times = self.served[customer]
        served = len(times) - bisect_left(times, promised.since)
        # Of what is not counted, what is older than all that is said to be counted.
        beyond = served - promised.limit - self.overdue(customer, promised.counted_until)
        self.beyond = max(self.beyond, beyond)
        self.nearest = max(self.nearest, beyond - promised.bound)
        if beyond > promised.bound:
            self.accuse(
                f"invariant 6: {customer} is served {served} of {promised.limit}, which is {beyond}"
                f" beyond it and the bound {promised.bound:.1f} ({seen})"
            )


class Promise(NamedTuple):
    """What the formula says of an Allow, for the period that began at `since`. What was served
    before `counted_until` is counted.
    """

    since: float
    limit: int
    bound: float
    counted_until: float


def promise(seen: Seen, now: float) -> Promise:
    """By what the decision read, at its time."""
    known = [int(one) for one in seen.heartbeats if one]
    state = read_values(seen.values)
    lag = seen.at - min(known) / 1000 if known else state.lag_seconds
    # A decision may be by what was read up to 30 s before, in a period that has ended since.
    moments = (int(at * 1000) for at in (now, seen.at))
    allowance = next(filter(None, map(state.allowance_at, moments)), None)
    if allowance is None:
        raise LookupError("an Allow without an allowance")
    bound = overshoot_bound(
        allowance.limit,
        rate_per_second=state.rate_per_second,
        burst=state.burst,
        exposure_seconds=lag + now - seen.at,
        cap=seen.cap,
    )
    return Promise(allowance.start_ms / 1000, allowance.limit, bound, seen.at - lag)
