"""A scenario that breaks a promise comes in; a smaller one that breaks the same leaves."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.simulation.engine.shrinking import shrink, shrink_number
from tests.simulation.run import Outcome
from tests.simulation.scenario import Burst, Scenario

type Run = Callable[[Scenario], Outcome]


def smaller(scenario: Scenario, run: Run) -> Scenario:
    """Fewer disturbances, then fewer bursts, then fewer requests in each."""
    broken = promise(run(scenario).fault)

    def breaks(other: Scenario) -> bool:
        return promise(run(other).fault) == broken

    scenario = _with_less(scenario, breaks)
    return _with_less(_with_small_bursts(scenario, breaks), breaks)


def promise(fault: str) -> str:
    """Which one is broken, without the moment and what it was found on."""
    _, _, what = fault.partition(": ")
    return what.partition(":")[0] if what.startswith("invariant") else fault.partition(":")[0]


def _with_less(scenario: Scenario, breaks: Callable[[Scenario], bool]) -> Scenario:
    some = shrink(scenario.disturbances, lambda few: breaks(scenario.with_disturbances(tuple(few))))
    scenario = scenario.with_disturbances(tuple(some))
    bursts = shrink(scenario.bursts, lambda few: breaks(scenario.with_bursts(tuple(few))))
    return scenario.with_bursts(tuple(bursts))


def _with_small_bursts(scenario: Scenario, breaks: Callable[[Scenario], bool]) -> Scenario:
    bursts = list(scenario.bursts)
    for index, burst in enumerate(bursts):

        def is_enough(requests: int, index: int = index, burst: Burst = burst) -> bool:
            few = [*bursts[:index], replace(burst, requests=requests), *bursts[index + 1 :]]
            return breaks(scenario.with_bursts(tuple(few)))

        bursts[index] = replace(burst, requests=shrink_number(burst.requests, 1, is_enough))
    return scenario.with_bursts(tuple(bursts))


def told(scenario: Scenario) -> str:
    """What is left of it, as a person reads it."""
    parts: Sequence[object] = (*scenario.disturbances, *scenario.bursts)
    lines = [f"  {part}" for part in parts]
    return "\n".join([f"{scenario.parameters}, two meters: {scenario.has_bytes}", *lines])
