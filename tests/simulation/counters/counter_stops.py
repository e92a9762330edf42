"""The functions around the counters, as their own modules wire them: reconciliation, the fetch, the
repair and the authorizer.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

import httpx

from functions.authorizer import handler as authorizer
from functions.authorizer.light_telemetry import AuthorizerTelemetry
from functions.authorizer.settings import read_settings
from functions.reconciliation import fetch_handler, handler, repair
from tests.simulation.aws.function import Function
from tests.simulation.counters.counters_client import CountersClient
from tests.simulation.counters.decision_link import DecisionLink
from tests.simulation.counters.quota_gateway import AuthorizerProcess
from tests.simulation.counters.quota_plans import QUOTA_METER
from tests.simulation.counters.simulated_valkey import SimulatedValkey
from tests.simulation.engine.lambda_module import LambdaModule
from tests.simulation.engine.process import Process
from tests.simulation.engine.seam import Seams
from tests.simulation.simulation import Simulation

REDIS_URL, AFORO_URL = "redis://counters:6379/0", "https://api.aforo.ai"
HEADROOM_CAP = 0.05
AUTHORIZER, RECONCILIATION, REPAIR = "authorizer", "reconciliation", "repair"


@dataclass(frozen=True)
class CounterPlaces:
    """What the functions are wired with. Clients are shaped as boto3's; `aforo` makes a process's
    client of Aforo.
    """

    valkey: SimulatedValkey
    seams: Seams
    s3: Any
    sqs: Any
    secrets: Any
    aforo: Callable[[Process], httpx.Client]
    ledger_bucket: str
    settled_queue_url: str
    tenant: str
    metric_name: str = "API Calls"
    mark_horizon_days: int = 3


class CounterStops(NamedTuple):
    """By what they do."""

    reconciliation: Function
    fetch: Function
    repair: Function


def counter_stops(sim: Simulation, places: CounterPlaces) -> CounterStops:
    """As the template deploys them."""
    modules = (_reconciliation(places), _fetch(places), _repair(places))
    seconds = (60, 60, 900)
    for module in modules:
        module.names = {**module.names, "Telemetry": lambda _: lambda _service: sim.telemetry}
    return CounterStops(*map(sim.function, CounterStops._fields, modules, seconds))


def _reconciliation(places: CounterPlaces) -> LambdaModule:
    client = CountersClient(places.valkey, places.seams)
    environment = {
        "REDIS_URL": REDIS_URL,
        "AFORO_TENANT_ID": places.tenant,
        "MARK_HORIZON_DAYS": str(places.mark_horizon_days),
    }
    return LambdaModule(handler, environment, {"connect": lambda _: lambda *_: client})


def _fetch(places: CounterPlaces) -> LambdaModule:
    environment = {
        "AFORO_API_URL": AFORO_URL,
        "AFORO_ALLOWED_HOSTS": "api.aforo.ai",
        "AFORO_TENANT_ID": places.tenant,
        "AFORO_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:aforo",
        "QUOTA_METRIC_NAME": places.metric_name,
    }

    def pause_between(process: Process) -> object:
        return lambda seconds: lambda: process.sleep(seconds)

    names: dict[str, Any] = {
        "secrets_client": lambda _: lambda: places.secrets,
        "aforo_client": lambda process: lambda *_: places.aforo(process),
        "_pause_between": pause_between,
    }
    return LambdaModule(fetch_handler, environment, names)


def _repair(places: CounterPlaces) -> LambdaModule:
    environment = {
        "LEDGER_BUCKET": places.ledger_bucket,
        "SETTLED_USAGE_QUEUE_URL": places.settled_queue_url,
        "MARK_HORIZON_DAYS": str(places.mark_horizon_days),
    }
    names: dict[str, Any] = {
        "s3_client": lambda _: lambda: places.s3,
        "sqs_client": lambda _: lambda: places.sqs,
    }
    return LambdaModule(repair, environment, names)


def start_authorizer(sim: Simulation, places: CounterPlaces) -> AuthorizerProcess:
    """A process of it, wired as its module does, of a link of the run's."""
    environment = {
        "REDIS_URL": REDIS_URL,
        "AFORO_TENANT_ID": places.tenant,
        "AFORO_ENVIRONMENT": "live",
        "QUOTA_METER": QUOTA_METER,
        "UNKNOWN_POLICY": "deny",
        "NO_GRANT_POLICY": "deny",
        "RESULT_TTL_SECONDS": "0",
        "HEADROOM_CAP_PERCENT": str(HEADROOM_CAP * 100),
        "TENANT_HEADER": "tenant",
    }
    process = Process(sim.world, AUTHORIZER, AUTHORIZER)
    link = DecisionLink(places.valkey, sim.seams, process, HEADROOM_CAP)
    wired = authorizer.authorizer_for(read_settings(environment), cast("Any", link), time.time)
    telemetry = AuthorizerTelemetry(time.time, _written_nowhere)
    return AuthorizerProcess(replace(wired, telemetry=telemetry), link)


def _written_nowhere(_line: str) -> None:
    """A run's telemetry is nobody's."""
