"""The counters of a real Valkey, whatever happens to it and to those who write into it.

`COUNTERS_EXAMPLES=2000` (or `make soak`) runs it for longer than CI does.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from functions.adapters.ledger import hour_prefix
from functions.authorizer.counter_read import CounterRead, KnownState, Unknown
from functions.authorizer.identity import Identity
from functions.authorizer.redis_address import RedisAddress
from functions.authorizer.redis_link import RedisLink
from functions.operator.rebuild.rebuilding import Rebuild, Tools
from functions.reconciliation.commands import STANDING_COMMAND, StandingCommand
from functions.reconciliation.counters.redis_scripts import connect
from functions.reconciliation.due_hours import newest_over
from functions.reconciliation.ledger_hours import hour_text, read_hours
from functions.usage.ledger_row import LedgerRow
from functions.usage.mark import closed_key, hours_key, mark_of
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso
from functions.usage.quota import rebuild_key, tenant_key
from tests.fakes.cutting_proxy import Cut, CuttingProxy
from tests.fakes.hour_totals import totals_of
from tests.integration.reconciliation.fire import PATIENCE_SECONDS, DurableValkey, MortalReconcilers
from tests.integration.reconciliation.tenant import CUSTOMER, METER, TENANT, Tenant, event, settled
from tests.integration.reconciliation.test_repair import row

EXAMPLES = int(os.environ.get("COUNTERS_EXAMPLES", "40"))
MINUTE_MS = 60_000
WHO = Identity(customer_id=CUSTOMER, tenant_id=TENANT, environment="live")

PLACES = st.lists(st.integers(0, 30), min_size=1, max_size=4)
COMMANDS = st.integers(1, 12)


class CountersUnderFire(RuleBasedStateMachine):
    """The walk behind Aforo: rows go to the ledger, then their settlement to a queue that delivers
    at least once. What was not acknowledged stays in the queue.
    """

    valkey: DurableValkey
    proxy: CuttingProxy
    reconcilers: MortalReconcilers

    def __init__(self) -> None:
        super().__init__()
        self.resources = ExitStack()
        self.client = self.resources.enter_context(
            connect(self.valkey.server.url, socket_seconds=PATIENCE_SECONDS)
        )
        self.client.flushall()
        self.tenant = Tenant(self.client)
        self.reader = self._new_reader()
        self.rows: list[LedgerRow] = []
        self.waiting: list[str] = []
        self.closings: list[str] = []
        self.standing: dict[str, StandingCommand] = {}
        self.has_copy = False
        self.version = 0

    def teardown(self) -> None:
        self.resources.close()

    @initialize()
    def begin(self) -> None:
        """A customer with a grant, and counters that may be trusted."""
        self.grant(500, "month")
        self.tenant.now_ms += 1
        assert self.tenant.take({"kind": "open", "version": self._now_version()}) == []

    # ---- what the walk does

    @rule(
        size=st.sampled_from([1, 2, 5, 40]),
        minutes_ago=st.sampled_from([0, 1, 30, 61, 90, 180, 1500, 20_000]),
        quantity=st.sampled_from([1, 1, 1, 3]),
    )
    def settle_new_usage(self, size: int, minutes_ago: int, quantity: int) -> None:
        """In the ledger first; then on its way to the counters."""
        at_ms = self.tenant.now_ms - minutes_ago * MINUTE_MS
        keys = [f"event-{len(self.rows) + i}" for i in range(size)]
        self.rows += [row(key, at_ms, quantity) for key in keys]
        self.waiting.append(json.dumps(settled(event(key, at_ms, quantity) for key in keys)))

    @rule(minutes_ago=st.sampled_from([80, 200]), first=st.sampled_from(["closing", "usage"]))
    def close_around_a_settlement(self, minutes_ago: int, first: str) -> None:
        """An hour is read between the ledger's row and its settlement, and closed before or after
        the counters have it.
        """
        self.settle_new_usage(2, minutes_ago, 1)
        bodies = [*self._read([_hour_of(self.rows[-1])]), self.waiting[-1]]
        if first == "usage":
            bodies.reverse()
        for body in bodies:
            assert self.tenant.take_bodies([body]) == []

    @rule(places=PLACES, is_acknowledged=st.booleans())
    def deliver(self, places: list[int], is_acknowledged: bool) -> None:  # noqa: FBT001 - Hypothesis
        """Some messages, in any order, once more than needed or not."""
        bodies = _picked(self.waiting, places)
        assert self.tenant.take_bodies(bodies) == []
        if is_acknowledged:
            self.waiting = [body for body in self.waiting if body not in bodies]

    @rule(places=PLACES, places_of_closings=PLACES, at=COMMANDS, is_after=st.booleans())
    def lose_a_reply(
        self,
        places: list[int],
        places_of_closings: list[int],
        at: int,
        is_after: bool,  # noqa: FBT001 - Hypothesis
    ) -> None:
        """The connection goes before or after the server did what it was asked; what the handler
        calls done is done.
        """
        bodies = _picked(self.waiting, places) + _picked(self.closings, places_of_closings)
        self.proxy.arm(Cut(at, is_after))
        with connect(self.proxy.url, socket_seconds=PATIENCE_SECONDS) as client:
            tenant = Tenant(client)
            tenant.now_ms = self.tenant.now_ms
            failed = {int(place) for place in tenant.take_bodies(bodies)}
        self.proxy.arm(None)
        done = {body for place, body in enumerate(bodies) if place not in failed}
        self.waiting = [body for body in self.waiting if body not in done]

    @rule(places=PLACES, places_of_closings=PLACES, at=COMMANDS, is_after=st.booleans())
    def kill_a_reconciler(
        self,
        places: list[int],
        places_of_closings: list[int],
        at: int,
        is_after: bool,  # noqa: FBT001 - Hypothesis
    ) -> None:
        """Kill -9 between any two commands: everything is delivered again."""
        bodies = _picked(self.waiting, places) + _picked(self.closings, places_of_closings)
        self.reconcilers.take(bodies, self.tenant.now_ms, die_at=at, is_after=is_after)

    @rule(limit=st.integers(1, 10_000), period=st.sampled_from(["hour", "day", "month"]))
    def grant(self, limit: int, period: str) -> None:
        """A newer grant, recorded in the register."""
        body = self.tenant.grant_body(limit, period=period)
        self.standing["grant"] = STANDING_COMMAND.validate_python(body, strict=False)
        assert self.tenant.take(body) == []

    @rule(minutes=st.sampled_from([1, 20, 61, 200, 1500]))
    def wait(self, minutes: int) -> None:
        """Hours are over, periods end."""
        self.tenant.now_ms += minutes * MINUTE_MS

    @precondition(lambda self: self.rows)
    @rule(back=st.integers(0, 3))
    def read_the_ledger(self, back: int) -> None:
        """A repairer reads now; what it sends may come much later, or never."""
        newest = newest_over(self.tenant.now_ms)
        self._read(range(newest - back, newest + 1))

    @precondition(lambda self: self.closings)
    @rule(places=PLACES)
    def deliver_closings(self, places: list[int]) -> None:
        """In any order, stale and repeated."""
        assert self.tenant.take_bodies(_picked(self.closings, places)) == []

    @precondition(lambda self: self.rows)
    @rule()
    def repair(self) -> None:
        """Every hour that is over is what the ledger says, whatever happened before."""
        newest = newest_over(self.tenant.now_ms)
        assert self.tenant.take_bodies(self._read(range(self._first_hour(), newest + 1))) == []
        ledger = self._sums()
        for hour in range(self._first_hour(), newest + 1):
            assert self._hours().get(hour, 0) == ledger.get(hour, 0)

    @precondition(lambda self: self.rows)
    @rule()
    def repair_when_all_is_over(self) -> None:
        """Some time later: used is what the ledger says, to the unit."""
        self.tenant.now_ms += HOUR_MS + 16 * MINUTE_MS
        self.repair()
        for start_ms, end_ms, used in self._windows():
            assert used == self._in_ledger(start_ms, end_ms)

    # ---- what happens to the counters

    @rule(harm=st.sampled_from(["crash", "copy", "restore", "flush"]))
    def harm_valkey(self, harm: str) -> None:
        """One rule, or the counters would be lost more often than they count."""
        match harm:
            case "crash":  # kill -9: what was acknowledged is on disk, and nothing changes
                before = self._hours()
                self.valkey.crash()
                assert self._hours() == before
            case "copy":
                self.valkey.copy()
                self.has_copy = True
            case "restore" if self.has_copy:  # marks and counts go back together
                self.valkey.restore()
            case "flush":  # nobody may take what is left for a state
                self.client.flushall()
                assert isinstance(self._answer(), Unknown)

    @rule()
    def rebuild(self) -> None:
        """From the register and the ledger, opened last: `used` is at least what it was."""
        self.tenant.now_ms += 1000
        tools = Tools(
            register=self.standing.values,
            rows=self._rows_of,
            sum_up=totals_of(self._rows_of),
            send=self._deliver_now,
            parts_done=lambda version: int(self.client.scard(rebuild_key(TENANT, version))),
            say=lambda _: None,
            clock=self._now_version,
            pause=lambda: None,
        )
        assert Rebuild(tools, is_sending=True).run(self._first_hour(), 0)
        self.reader = self._new_reader()
        assert isinstance(self._answer(), KnownState)
        for start_ms, end_ms, used in self._windows():
            assert used == self._in_ledger(start_ms, end_ms)

    # ---- what must always be

    @invariant()
    def used_is_never_over_the_ledger(self) -> None:
        """As the authorizer reads it: a believed state, or UNKNOWN."""
        answer = self._answer()
        if self.client.get(tenant_key(TENANT, "generation")) is None:
            assert isinstance(answer, Unknown)
        for start_ms, end_ms, used in self._windows():
            assert used <= self._in_ledger(start_ms, end_ms)

    @invariant()
    def no_mark_without_its_quantity(self) -> None:
        """An open hour's count is the sum of its marks, no more and no less."""
        marked = self._marked()
        closed = set(map(int, self.client.hkeys(closed_key(TENANT, CUSTOMER, METER))))
        open_hours = {h: count for h, count in self._hours().items() if h not in closed}
        assert {h: n for h, n in marked.items() if h not in closed} == open_hours

    # ---- how it is read

    def _new_reader(self) -> CounterRead:
        link = RedisLink(RedisAddress.parse(self.valkey.server.url))
        self.resources.callback(link.close)
        return CounterRead(
            link, tenant=TENANT, meter=METER, clock=lambda: self.tenant.now_ms / 1000
        )

    def _answer(self) -> KnownState | Unknown:
        return self.reader.state(WHO, time.monotonic() + PATIENCE_SECONDS)

    def _windows(self) -> Iterator[tuple[int, int, int]]:
        answer = self._answer()
        if isinstance(answer, KnownState):
            now = answer.state.allowance_at(self.tenant.now_ms)
            for allowance in (now, answer.state.current, answer.state.upcoming):
                if allowance is not None:
                    yield allowance.start_ms, allowance.end_ms, allowance.used

    def _in_ledger(self, start_ms: int, end_ms: int) -> int:
        return sum(
            total for hour, total in self._sums().items() if start_ms <= hour * HOUR_MS < end_ms
        )

    def _sums(self) -> Counter[int]:
        sums: Counter[int] = Counter()
        for each in self.rows:
            sums[_hour_of(each)] += int(each["quantity"])
        return sums

    def _hours(self) -> dict[int, int]:
        found = self.client.hgetall(hours_key(TENANT, CUSTOMER, METER))
        return {int(hour): int(count) for hour, count in found.items() if int(count)}

    def _marked(self) -> dict[int, int]:
        rows = {(mark_of(each["key"]), _hour_of(each)): each for each in self.rows}
        marked: Counter[int] = Counter()
        for key in self.client.scan_iter("*:marks:*", count=1000):
            hour = int(str(key).split("}:marks:")[1].split(":")[1])
            for mark in self.client.smembers(key):
                marked[hour] += int(rows[int(mark), hour]["quantity"])
        return dict(marked)

    def _first_hour(self) -> int:
        return min(map(_hour_of, self.rows), default=self.tenant.now_ms // HOUR_MS)

    def _read(self, hours: Iterable[int]) -> list[str]:
        found = read_hours(hours, totals_of(self._rows_of), self._now_version)
        bodies = [command.model_dump_json(by_alias=True) for command in found.commands()]
        self.closings += bodies
        return bodies

    def _rows_of(self, prefix: str) -> list[LedgerRow]:
        return [each for each in self.rows if hour_prefix(each["occurredAt"][:13]) == prefix]

    def _deliver_now(self, bodies: Iterable[str]) -> int:
        sent = list(bodies)
        assert self.tenant.take_bodies(sent) == []
        return len(sent)

    def _now_version(self) -> int:
        # A clock that never stands still: two readings in one millisecond would be one version.
        self.version = max(self.version + 1, self.tenant.now_ms)
        return self.version


def _picked(bodies: list[str], places: Iterable[int]) -> list[str]:
    return [bodies[place % len(bodies)] for place in places] if bodies else []


def _hour_of(each: LedgerRow) -> int:
    return epoch_ms_from_iso(each["occurredAt"]) // HOUR_MS


@pytest.mark.timeout(1800)
def test_counters_under_fire(tmp_path: Path) -> None:
    """Never over the ledger, exact after a repair, never a zero that is not known."""
    with ExitStack() as resources:
        valkey = DurableValkey(tmp_path)
        resources.callback(valkey.stop)
        proxy = CuttingProxy(valkey.server.port)
        resources.callback(proxy.close)
        reconcilers = resources.enter_context(MortalReconcilers(proxy))
        fields = {"valkey": valkey, "proxy": proxy, "reconcilers": reconcilers}
        run_state_machine_as_test(
            type("Machine", (CountersUnderFire,), fields),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )


def test_hours_are_named_alike() -> None:
    """The machine's ledger is read by the names that the product uses."""
    assert hour_text(0) == "1970-01-01T00"
