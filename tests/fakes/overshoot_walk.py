"""The walk from served requests and heartbeats to the counters, in a world with outages."""

import heapq
import random

from functions.usage.quota import meter_field, state_key, watermark_key
from tests.fakes.authorizer import METER
from tests.fakes.counter_store import CounterStore
from tests.fakes.overshoot_world import BEGIN, Plan, World
from tests.fakes.token_issuer import CUSTOMER, TENANT

STATE, WATERMARK = state_key(TENANT, CUSTOMER), watermark_key(TENANT)
GROUPS = ("group-a", "group-b")


class Walk:
    """Counts what was served when it has arrived. `used` is what the counters begin with;
    `is_lag_hidden`: the store says nothing of the lag.
    """

    def __init__(
        self,
        world: World,
        rng: random.Random,
        store: CounterStore,
        used: int,
        *,
        is_lag_hidden: bool,
    ) -> None:
        self._world, self._rng, self._store, self._used = world, rng, store, used
        self._grant_lag = 0.0 if is_lag_hidden else world.grant_lag
        # (when it arrives at the counters, time of a heartbeat or 0 for usage, log group)
        self._under_way: list[tuple[float, float, str]] = []
        self._last_arrival = dict.fromkeys(GROUPS, BEGIN)
        self._next_heartbeat = BEGIN
        self._shown: tuple[Plan, int] | None = None

    def served(self, now: float) -> None:
        """A request is in one of the logs."""
        group = self._rng.choice(GROUPS)
        arrival = self._world.counted_at(now, self._seconds())
        self._last_arrival[group] = max(self._last_arrival[group], arrival)
        heapq.heappush(self._under_way, (arrival, 0.0, group))

    def count_until(self, now: float) -> None:
        """Bring the store to `now`: what arrived is counted, and Redis answers or does not."""
        self._put_heartbeats(now)
        while self._under_way and self._under_way[0][0] <= now:
            _, heartbeat, group = heapq.heappop(self._under_way)
            if heartbeat:
                self._arrive(heartbeat, group)
            else:
                self._used += 1
        shown = (self._world.plan_at(now), self._used)
        if shown != self._shown:
            self._shown = shown
            self._store.hashes[STATE] = _state(*shown, self._grant_lag)
        self._store.fault = "" if self._world.redis.after(now) == now else "timeout"

    def lag(self, now: float) -> float:
        """What the store says of the lag."""
        newest = self._store.hashes.get(WATERMARK)
        if not newest:
            return self._grant_lag
        return now - min(int(text) for text in newest.values()) / 1000

    def _put_heartbeats(self, now: float) -> None:
        while self._world.heartbeat_every and self._next_heartbeat <= now:
            put = self._next_heartbeat
            for group in GROUPS:
                # It overtakes nothing of its log group.
                own = self._world.counted_at(put, self._seconds())
                arrival = max(self._last_arrival[group], own)
                heapq.heappush(self._under_way, (arrival, put, group))
            self._next_heartbeat += self._world.heartbeat_every

    def _arrive(self, heartbeat: float, group: str) -> None:
        """As reconciliation writes it: never going back."""
        newest = self._store.hashes.setdefault(WATERMARK, {})
        newest[group] = str(max(int(newest.get(group, "0")), int(heartbeat * 1000)))

    def _seconds(self) -> float:
        return self._world.lag * (1 if self._world.is_slowest else self._rng.uniform(0.1, 1))


_FIELDS = tuple(
    meter_field(METER, name)
    for name in ("limit", "used", "start_ms", "end_ms", "rate_per_second", "burst", "lag_seconds")
)


def _state(plan: Plan, used: int, lag: float) -> dict[str, str]:
    values = (plan.limit, used, 0, 2**52, plan.rate, plan.burst, lag)
    return dict(zip(_FIELDS, map(str, values), strict=True))
