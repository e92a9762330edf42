"""The real metering, wired by its own handler, invoked by CloudWatch through Lambda's queue."""

from functions.metering import handler
from tests.simulation.aws.asynchronous import Asynchronous
from tests.simulation.disturbances import ChaosKind
from tests.simulation.engine.lambda_module import LambdaModule
from tests.simulation.gateway_request import REGION
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.road_places import (
    CONFIGURATION,
    CONFIGURATION_KEY,
    EXECUTION_LOG_GROUP,
    LOG_GROUP,
    METERING,
    METERING_SECONDS,
    QUARANTINE,
    USAGE_QUEUE,
)


def add_metering(sim: Simulation) -> Asynchronous:
    """Its function, and the queue of Lambda's that invokes it."""
    environment = {
        "USAGE_QUEUE_URL": sim.urls[USAGE_QUEUE],
        "QUARANTINE_BUCKET": QUARANTINE,
        "CONFIGURATION_BUCKET": CONFIGURATION,
        "CONFIGURATION_KEY": CONFIGURATION_KEY,
        "DEPLOYED_SOURCES": _sources(sim),
        "AWS_REGION": REGION,
    }
    module = LambdaModule(
        handler,
        environment,
        {
            "s3_client": lambda _: lambda: sim.s3,
            "sqs_client": lambda _: lambda: sim.sqs,
            "Telemetry": lambda _: lambda _service: sim.telemetry,
        },
    )
    function = sim.function(METERING, module, METERING_SECONDS)
    asynchronous = Asynchronous(
        sim.world,
        function,
        sim.buckets[QUARANTINE],
        sim.whereabouts,
        twice=lambda: sim.troubles.happens(ChaosKind.INVOKED_TWICE),
    )
    sim.lambdas.add(function, asynchronous)
    sim.logs.destination = function.arn
    return asynchronous


def _sources(sim: Simulation) -> str:
    access = f"orders=access:{LOG_GROUP}"
    with_execution = f"{access},legacy=execution:{EXECUTION_LOG_GROUP}"
    return with_execution if sim.scenario.has_execution_log else access
