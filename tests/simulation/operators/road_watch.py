"""What AWS's own metrics say of the road, taken where it happens: metering's failures and how old
its deliveries are, what the forwarder held, and UsageQueue.
"""

from typing import Any

from functions.usage.metric import Metric
from tests.simulation.aws.function import Answered, Function
from tests.simulation.engine.process import Died, Raised
from tests.simulation.operators.cloudwatch import Metrics
from tests.simulation.quiet_telemetry import QuietTelemetry
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.road_places import METERING, USAGE_QUEUE


def watch_road(sim: Simulation) -> Metrics:
    """From now on, all of it."""
    metrics = Metrics(sim.world)
    metrics.watch(sim.queues[USAGE_QUEUE])
    _watch_function(sim.functions[METERING], metrics)
    _watch_levels(sim.telemetry, metrics)
    return metrics


def _watch_function(function: Function, metrics: Metrics) -> None:
    call, world = function.call, metrics.world
    first: dict[int, tuple[object, float]] = {}  # by the event's id, until it is taken

    def watched(event: Any, done: Answered) -> None:
        _, since = first.setdefault(id(event), (event, world.now))
        metrics.add("AsyncEventAge", (world.now - since) * 1000)

        def answered(answer: object) -> None:
            if isinstance(answer, Raised | Died):
                metrics.add("Errors", 1)
            else:
                first.pop(id(event), None)
            done(answer)

        call(event, answered)

    function.call = watched  # type: ignore[method-assign]


def _watch_levels(telemetry: QuietTelemetry, metrics: Metrics) -> None:
    level = telemetry.level

    def watched(metric: Metric, value: float, *, source: str = "") -> None:
        if metric is Metric.OLDEST_HELD_AGE:
            metrics.add(metric.value, value)
        level(metric, value, source=source)

    telemetry.level = watched  # type: ignore[method-assign]
