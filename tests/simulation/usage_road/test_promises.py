"""The promises that are watched can break: each sabotage of the real code is found by a run."""

from dataclasses import replace

import pytest

from functions.adapters.message_queue import MessageQueue
from functions.forwarder.screening import Screening
from functions.metering.billing.payer import verified_customer
from functions.metering.configuration.version import CompiledVersion
from functions.metering.request import Request
from tests.simulation.disturbances import Chaos, ChaosKind, Skewed
from tests.simulation.run import run
from tests.simulation.scenario import Burst, Parameters, Scenario
from tests.simulation.smaller_run import promise, smaller, told
from tests.simulation.usage_road.build import build_road
from tests.simulation.usage_road.road_places import FORWARDER

BEGUN = 1_791_014_400.0
HOURS = 4.0


def small(*disturbances: object) -> Scenario:
    """Four hours of a few requests; Aforo remembers keys for one."""
    bursts = tuple(Burst(60.0 + 600 * n, n % 2, 3) for n in range(20))
    parameters = Parameters(hold_seconds=900, dedup_window_seconds=3_600)
    return Scenario(1, BEGUN, HOURS, 2, False, bursts, disturbances, parameters)  # noqa: FBT003


def again_for_hours() -> Chaos:
    """Each delivery comes again among the lines of the next."""
    return Chaos(ChaosKind.DELIVERY_REGROUPED, 0, HOURS * 3_600, 1.0)


def test_without_a_fault_every_promise_is_kept() -> None:
    """With deliveries that come again, too."""
    outcome = run(small(again_for_hours()), [build_road])
    assert outcome.fault == ""
    assert outcome.requests == 60


def test_a_metering_that_does_not_send_breaks_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda forgets the delivery, and the events are nowhere."""
    monkeypatch.setattr(MessageQueue, "send", lambda _self, bodies: len(list(bodies)))
    assert promise(run(small(), [build_road]).fault) == "invariant 1"


def test_a_forwarder_that_does_not_ask_the_ledger_breaks_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What comes again after Aforo's window is billed again."""
    monkeypatch.setattr(Screening, "is_past_window", lambda _self, _age: False)
    late = replace(small(again_for_hours()), bursts=(Burst(60, 0, 3), Burst(9_000, 0, 3)))
    assert promise(run(late, [build_road]).fault) == "invariant 2"


def test_a_metering_that_names_another_customer_breaks_the_third(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The payer is the line's."""

    def dishonest(request: Request, version: CompiledVersion) -> object:
        found = verified_customer(request, version)
        return "cus_00" if isinstance(found, str) else found

    monkeypatch.setattr("functions.metering.billing.decide.verified_customer", dishonest)
    assert promise(run(small(), [build_road]).fault) == "invariant 3"


def test_a_run_that_breaks_a_promise_is_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has nothing to do with it is left out: here two deliveries, and that one comes again."""
    monkeypatch.setattr(Screening, "is_past_window", lambda _self, _age: False)
    others = Chaos(ChaosKind.RECEIVED_TWICE, 0, 600, 0.5), Skewed(FORWARDER, 5.0)
    large = small(others[0], again_for_hours(), others[1])
    large = replace(large, bursts=tuple(Burst(60.0 + 4_500 * n, n % 2, 5) for n in range(3)))
    left = smaller(large, lambda scenario: run(scenario, [build_road], lines=1))
    assert left.disturbances == (again_for_hours(),)
    assert [burst.requests for burst in left.bursts] == [1, 1]
    assert promise(run(left, [build_road]).fault) == "invariant 2"
    assert again_for_hours().kind in told(left)
