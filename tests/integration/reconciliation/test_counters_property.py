"""Any interleaving of settlements, duplicates, grants, rollovers and forgotten scripts."""

import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis

from functions.usage.moment import DAY_MS, HOUR_MS
from functions.usage.period import Period, Recurrence
from tests.integration.reconciliation.tenant import (
    HORIZON,
    METER,
    START_MS,
    Tenant,
    event,
    settled,
)

KEYS = range(400)
MINUTE_MS = 60_000
HORIZON_MS = HORIZON.days * DAY_MS
# The forwarder lets events pass that are up to five minutes ahead of its clock.
AHEAD_MS = 5 * MINUTE_MS


def occurred_at(key: int) -> int:
    """An event's time is a function of its key, as it is of its log line: most of them minutes
    from the full hours of two days, where periods begin and end, the others over three months.
    """
    rng = random.Random(key)
    if key % 4 == 0:
        return START_MS - 20 * DAY_MS + rng.randrange(90 * DAY_MS)
    full_hour = START_MS - START_MS % HOUR_MS + rng.randrange(-24, 24) * HOUR_MS
    return full_hour + rng.randrange(-4 * MINUTE_MS, 4 * MINUTE_MS)


def quantity(key: int) -> int:
    """Mostly 1, as with requests."""
    return 1 if key % 5 else key + 1


class CountersMachine(RuleBasedStateMachine):
    """The counters beside the plainest model: a set of counted keys and the grant in force."""

    client: Redis

    def __init__(self) -> None:
        super().__init__()
        self.client.flushall()
        self.tenant = Tenant(self.client)
        self.counted: set[int] = set()
        self.granted: tuple[int, int, Recurrence] | None = None

    @rule(messages=st.lists(st.lists(st.sampled_from(KEYS), max_size=30), max_size=4))
    def settle(self, messages: list[list[int]]) -> None:
        """Messages of any events, seen before or not, together in one invocation."""
        self._deliver(messages)

    @rule(start=st.integers(0, 300), size=st.integers(1, 100), times=st.integers(1, 3))
    def settle_many(self, start: int, size: int, times: int) -> None:
        """Whole ranges, again and again: more than one script, sets that fill up."""
        self._deliver([list(range(start, start + size))] * times)

    @rule(
        version=st.integers(1, 12),
        limit=st.integers(0, 1000),
        period=st.sampled_from([Period.HOUR, Period.HOUR, Period.DAY, Period.MONTH]),
        anchor_day=st.integers(1, 31),
    )
    def grant(self, version: int, limit: int, period: Period, anchor_day: int) -> None:
        """A grant of any version: newer, the same again, or long superseded."""
        recurrence = Recurrence(period, anchor_day if period is Period.MONTH else 1)
        fields = {"period": str(period), "anchorDay": recurrence.anchor_day, "version": version}
        assert self.tenant.grant(limit, **fields) == []
        if self.granted is None or version > self.granted[0]:
            self.granted = (version, limit, recurrence)

    @rule(passed_ms=st.integers(0, 3 * HOUR_MS))
    def wait(self, passed_ms: int) -> None:
        """Time passes: periods end."""
        self.tenant.now_ms += passed_ms

    @rule(passed_ms=st.sampled_from([9 * HOUR_MS, 3 * DAY_MS, 40 * DAY_MS]))
    def wait_long(self, passed_ms: int) -> None:
        """Several periods end with no usage at all."""
        self.tenant.now_ms += passed_ms

    @precondition(lambda self: self.granted is not None)
    @rule(is_regranted=st.booleans())
    def cross_the_end_of_the_period(self, is_regranted: bool) -> None:  # noqa: FBT001 - Hypothesis
        """Just before it, with events of both periods arriving, and on to just after it."""
        assert self.granted is not None
        version, limit, recurrence = self.granted
        end_ms = recurrence.window_at(self.tenant.now_ms).end_ms
        self.tenant.now_ms = max(self.tenant.now_ms, end_ms - MINUTE_MS)
        self._deliver([[key for key in KEYS if abs(occurred_at(key) - end_ms) < AHEAD_MS]])
        if is_regranted:
            self.grant(version + 1, limit, recurrence.period, recurrence.anchor_day)
        self.used_is_the_sum_of_distinct_events_of_the_period()
        self.tenant.now_ms = end_ms + MINUTE_MS

    @rule()
    def forget_scripts(self) -> None:
        """As after a failover."""
        self.client.script_flush()

    @precondition(lambda self: self.granted is not None)
    @invariant()
    def used_is_the_sum_of_distinct_events_of_the_period(self) -> None:
        """What the authorizer would read now, against the model."""
        assert self.granted is not None
        _, limit, recurrence = self.granted
        window = recurrence.window_at(self.tenant.now_ms)
        expected = sum(
            quantity(key)
            for key in self.counted
            if window.start_ms <= occurred_at(key) < window.end_ms
        )
        allowance = self.tenant.allowance()
        assert (allowance.start_ms, allowance.end_ms) == window
        assert (allowance.limit, allowance.used) == (limit, expected)

    @precondition(lambda self: self.granted is not None)
    @invariant()
    def remaining_is_derived(self) -> None:
        """`remaining` never disagrees with the `used` and `limit` beside it."""
        state = self.tenant.state()
        assert state.current is not None
        if state.current.covers(self.tenant.now_ms):
            remaining = self.tenant.fields()[f"{METER}:remaining"]
            assert int(remaining) == state.current.remaining

    def _deliver(self, messages: list[list[int]]) -> None:
        now_ms = self.tenant.now_ms
        known = [[key for key in keys if occurred_at(key) < now_ms + AHEAD_MS] for keys in messages]
        bodies = [
            settled(event(str(key), occurred_at(key), quantity(key)) for key in keys)
            for keys in known
        ]
        assert self.tenant.take(*bodies) == []
        oldest = (now_ms // MINUTE_MS) * MINUTE_MS - HORIZON_MS
        self.counted |= {key for keys in known for key in keys if occurred_at(key) >= oldest}


@pytest.mark.timeout(240)
def test_counters_against_their_model(client: Redis) -> None:
    """Whatever the order, `used` is the sum of the distinct events of the period in force."""
    machine = type("Machine", (CountersMachine,), {"client": client})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=150,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
