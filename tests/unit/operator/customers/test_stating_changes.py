"""Changes are recorded before the first is sent, and sent a part at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from functions.operator.customers.customer_file import CustomerFile
from functions.operator.customers.stating_changes import (
    COMMANDS_ON_THEIR_WAY,
    ChangeTools,
    record_changes,
    send_changes,
)
from functions.reconciliation.inbox import CommandList, read_body
from functions.usage.errors import Permanent
from tests.fakes.customer_register import CustomerRegister

CUSTOMERS = 3000  # a grant and a standing each: more than one part


@dataclass
class Road:
    """A register, and a queue whose first `held` messages nobody carries out."""

    register: CustomerRegister = field(default_factory=CustomerRegister)
    held: int = 0
    now: float = 0.0
    on_their_way: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def tools(self) -> ChangeTools:
        return ChangeTools(
            record=self.register.recorded.extend,
            send=self._send,
            ask=self.register.ask,
            tell=self.said.append,
            pause=self._pause,
            clock=lambda: self.now,
        )

    def _send(self, bodies: object) -> int:
        texts = list(bodies)  # type: ignore[call-overload]
        recorded = {str(one) for one in self.register.recorded}
        count = 0
        for text in texts:
            read = read_body(text)
            assert isinstance(read, CommandList)
            assert not read.faults
            assert {str(one) for one in read.commands} <= recorded
            count += len(read.commands)
            if self.held:
                self.held -= 1
            else:
                self.register.in_force += read.commands
        self.on_their_way.append(count)
        return len(texts)

    def _pause(self) -> None:
        self.now += 1.0


@pytest.fixture(scope="module")
def file() -> CustomerFile:
    grant = {"limit": 1, "period": "month", "ratePerSecond": 1, "burst": 1}
    customers = [
        {"customerId": f"c{i}", "grants": [grant], "standing": "suspended"}
        for i in range(CUSTOMERS)
    ]
    return CustomerFile.model_validate({"customers": customers})


def applied(road: Road, file: CustomerFile, wait_seconds: float) -> int:
    """How many changes are not in force."""
    changes = road.register.changes(file)
    tools = road.tools()
    return len(send_changes(changes, record_changes(changes, tools), tools, wait_seconds))


def test_a_part_is_sent_when_the_one_before_is_in_force(file: CustomerFile) -> None:
    """So usage comes in between; each is recorded first."""
    road = Road()
    assert applied(road, file, 10) == 0
    assert road.on_their_way == [COMMANDS_ON_THEIR_WAY, 2 * CUSTOMERS - COMMANDS_ON_THEIR_WAY]
    assert road.said[-1].endswith(f"of {2 * CUSTOMERS:,} changes are in force")
    assert road.register.changes(file) == []


def test_what_is_not_in_force_in_time_is_told(file: CustomerFile) -> None:
    """The rest is sent all the same, and the next apply sends again what never came."""
    road = Road(held=1)
    assert applied(road, file, 10) > 0
    assert sum(road.on_their_way) == 2 * CUSTOMERS
    assert {change.kind for change in road.register.changes(file)} == {"again"}
    assert applied(road, file, 10) == 0
    assert road.register.changes(file) == []


def test_who_does_not_wait_sends_all(file: CustomerFile) -> None:
    """And asks nobody."""
    road = Road(held=10**6)
    assert applied(road, file, 0) == 0
    assert sum(road.on_their_way) == 2 * CUSTOMERS
    assert road.now == 0


@pytest.mark.parametrize("silent_until", [3.0, 10.0**6])
def test_counters_that_do_not_answer_keep_back_nothing(
    file: CustomerFile, silent_until: float
) -> None:
    """A function that is throttled for a moment, or for long: all that is recorded is sent."""
    road = Road()
    changes = road.register.changes(file)
    tools = road.tools()

    def ask(question: Mapping[str, Sequence[str]]) -> Mapping[str, Mapping[str, object]]:
        if road.now < silent_until:
            raise Permanent("the reconciliation function was not asked: throttled")
        return road.register.ask(question)

    silent = tools._replace(ask=ask)
    left = send_changes(changes, record_changes(changes, silent), silent, 10)
    assert sum(road.on_their_way) == 2 * CUSTOMERS
    assert len(left) == (0 if silent_until < 10 else len(changes))
    assert road.register.changes(file) == []
    assert "not known what is in force: the reconciliation function was not asked: throttled" in (
        road.said
    )
