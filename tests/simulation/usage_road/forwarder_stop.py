"""The real forwarder, wired by its own handler, as Lambda's pollers invoke it for UsageQueue."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from functions.forwarder import handler
from functions.forwarder.aforo_breaker import Breaker
from functions.forwarder.holding import Holding
from functions.forwarder.rate_share import RateShare
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT
from tests.simulation.aws.function import Function
from tests.simulation.engine.lambda_module import LambdaModule
from tests.simulation.engine.process import Process
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.aforo_place import BASE_URL, HOST, AforoPlace, Poster
from tests.simulation.usage_road.road_places import (
    FORWARDER,
    FORWARDER_BATCH,
    FORWARDER_SECONDS,
    LEDGER,
    SETTLED_QUEUE,
    USAGE_DEAD_LETTERS,
    USAGE_QUEUE,
)

SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:aforo-AbCdEf"


def add_forwarder(sim: Simulation, aforo: AforoPlace) -> Function:
    """Its function, and the pollers of UsageQueue."""
    sim.secrets.keys.setdefault("AWSCURRENT", DEFAULT_API_KEY)
    parameters = sim.scenario.parameters
    environment = {
        "USAGE_QUEUE_URL": sim.urls[USAGE_QUEUE],
        "USAGE_DEAD_LETTER_QUEUE_URL": sim.urls[USAGE_DEAD_LETTERS],
        "SETTLED_USAGE_QUEUE_URL": sim.urls[SETTLED_QUEUE],
        "LEDGER_BUCKET": LEDGER,
        "AFORO_BASE_URL": BASE_URL,
        "AFORO_ALLOWED_HOSTS": HOST,
        "AFORO_TENANT_ID": DEFAULT_TENANT,
        "AFORO_SECRET_ARN": SECRET_ARN,
        "HOLD_SECONDS": str(parameters.hold_seconds),
        "DEDUP_WINDOW_SECONDS": str(parameters.dedup_window_seconds),
        "EVENTS_PER_POST": str(parameters.events_per_post),
        "POSTS_AT_ONCE": "1",
        "AFORO_EVENTS_PER_MINUTE": str(parameters.aforo_events_per_minute),
        "FORWARDER_CONCURRENCY": str(parameters.forwarder_concurrency),
    }
    module = LambdaModule(handler, environment, _names(sim, aforo))
    function = sim.function(FORWARDER, module, FORWARDER_SECONDS)
    sim.poll(
        USAGE_QUEUE,
        function,
        batch_size=FORWARDER_BATCH,
        window=parameters.forwarder_window_seconds,
        most_at_once=parameters.forwarder_concurrency,
    )
    return function


def _names(sim: Simulation, aforo: AforoPlace) -> dict[str, Callable[[Process], Any]]:
    def jitter(_: Process) -> random.Random:
        return sim.world.chance("jitter")

    return {
        "s3_client": lambda _: lambda: sim.s3,
        "sqs_client": lambda _: lambda: sim.sqs,
        "secrets_client": lambda _: lambda: sim.secrets,
        "Telemetry": lambda _: lambda _service: sim.telemetry,
        "aforo_client": lambda process: lambda *_, **__: Poster(aforo, process),
        "Breaker": lambda process: partial(Breaker, jitter=jitter(process).random),
        "Holding": lambda process: partial(Holding, jitter=jitter(process).random),
        "RateShare": lambda process: partial(RateShare, sleep=process.sleep),
    }
