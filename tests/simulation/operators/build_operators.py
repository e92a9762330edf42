"""Replay and audit, with the people who start them, as a part of a simulation. The road's part
comes before.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple
from unittest.mock import patch

import httpx

import functions.replay.limits
import functions.replay.remetering
from tests.local.aforo.settings import DEFAULT_TENANT
from tests.simulation.aws.aws_place import AwsCalls, AwsPlace
from tests.simulation.engine.process import current_process
from tests.simulation.engine.seam import Client
from tests.simulation.machines.step_functions import StepFunctions, StepFunctionsClient
from tests.simulation.operators.audited_windows import AuditedWindows
from tests.simulation.operators.cloudwatch import MetricCalls, Metrics
from tests.simulation.operators.configuring import Configuring
from tests.simulation.operators.doing import Doing
from tests.simulation.operators.handler_modules import SECONDS, handler_modules, with_clients
from tests.simulation.operators.machine_room import AUDIT, REPLAY, Calls, furnish
from tests.simulation.operators.on_call import OnCall
from tests.simulation.operators.own_time import own_time
from tests.simulation.operators.passing_refusals import promise_patience
from tests.simulation.operators.road_watch import watch_road
from tests.simulation.scenario import HOUR
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.aforo_place import BASE_URL, HOST, AforoPlace
from tests.simulation.usage_road.build import UsageRoad
from tests.simulation.usage_road.forwarder_stop import SECRET_ARN
from tests.simulation.usage_road.road_places import (
    COUNTER_DEAD_LETTERS,
    LEDGER,
    METERING,
    QUARANTINE,
    SETTLED_QUEUE,
    USAGE_DEAD_LETTERS,
    USAGE_QUEUE,
)

CLAIM_SECONDS = 240
STATES = AwsPlace("Step Functions", (0.02, 0.2))


class AuditPlan(NamedTuple):
    """As the template's parameters, in seconds."""

    window: int
    delay: int
    every: float


def audit_plan(sim: Simulation) -> AuditPlan:
    """Shorter than the template's defaults, so that it finds what is missing before Aforo forgets,
    whose memory is short in a run. Each count costs a run as much as some 30 requests: so it looks
    seldom, at windows as long as its pauses.
    """
    is_short = sim.scenario.parameters.dedup_window_seconds < HOUR
    return AuditPlan(300, 120, 450.0) if is_short else AuditPlan(600, 300, 900.0)


@dataclass(eq=False)
class OperatorsPart:
    """What a run's other parts may ask for."""

    machines: StepFunctions
    calls: Calls
    metrics: Metrics
    windows: AuditedWindows
    doing: Doing
    configuring: Configuring
    on_call: OnCall
    counts: int = 0  # runs of the audit's count


def build_operators(road: UsageRoad) -> OperatorsPart:
    """Adds it."""
    sim = road.sim
    functions = {
        stop: sim.function(stop, module, SECONDS[stop])
        for stop, module in handler_modules(_environment(sim)).items()
    }
    calls = Calls({one.arn: one for one in functions.values()})
    machines = StepFunctions(
        sim.world, {"lambda:invoke": calls.invoke, "sns:publish": calls.publish}
    )
    furnish(machines, functions)
    metrics = watch_road(sim)
    sim.patches.enter_context(own_time())
    sim.patches.enter_context(_short_rounds(sim))
    sim.patches.enter_context(with_clients(_clients(sim, road.aforo, machines, metrics)))
    ends = int((sim.begun + sim.scenario.hours * HOUR) * 1000)
    windows = AuditedWindows(sim.buckets[LEDGER], int(sim.begun * 1000), ends)
    has = partial(_has, road.aforo)
    on_call = OnCall(sim, machines, windows, has, road.promises.decided)
    road.promises.parked.clear()  # somebody puts it right

    doing, configuring = Doing(sim, machines), Configuring(sim, road)
    part = OperatorsPart(machines, calls, metrics, windows, doing, configuring, on_call)
    promise_patience(sim)
    _schedule(sim, part)
    sim.putting_right.append(on_call.begin)
    sim.is_quiet.append(on_call.is_quiet)
    return part


def _environment(sim: Simulation) -> Mapping[str, str]:
    """Of all of them: none reads more than it declares."""
    parameters, plan = sim.scenario.parameters, audit_plan(sim)
    drawn = random.Random(f"{sim.scenario.seed}/executions of replays")
    return {
        # As few that a replay of a run is more than one execution, and its report more than a part;
        # each part reads all that the replay wrote, so of 12,000 events not a part for each.
        "ROUNDS_OF_AN_EXECUTION": str(drawn.choice([1, 1, 2, 250])),
        "EVENTS_OF_A_PART": str(drawn.choice([20, 20, 500_000])),
        "USAGE_QUEUE_URL": sim.urls[USAGE_QUEUE],
        "USAGE_DEAD_LETTER_QUEUE_URL": sim.urls[USAGE_DEAD_LETTERS],
        "SETTLED_USAGE_QUEUE_URL": sim.urls[SETTLED_QUEUE],
        "COUNTER_DEAD_LETTER_QUEUE_URL": sim.urls[COUNTER_DEAD_LETTERS],
        "QUARANTINE_BUCKET": QUARANTINE,
        "LEDGER_BUCKET": LEDGER,
        "METERING_FUNCTION_ARN": sim.functions[METERING].arn,
        "CLAIM_SECONDS": str(CLAIM_SECONDS),
        "AFORO_BASE_URL": BASE_URL,
        "AFORO_ALLOWED_HOSTS": HOST,
        "AFORO_TENANT_ID": DEFAULT_TENANT,
        "AFORO_SECRET_ARN": SECRET_ARN,
        "HOLD_SECONDS": str(parameters.hold_seconds),
        "DEDUP_WINDOW_SECONDS": str(parameters.dedup_window_seconds),
        "AUDIT_WINDOW_SECONDS": str(plan.window),
        "AUDIT_DELAY_SECONDS": str(plan.delay),
        "AUDIT_SHARDS": "1",
        "AUDIT_STATE_MACHINE_ARN": AUDIT,
    }


@contextmanager
def _short_rounds(sim: Simulation) -> Iterator[None]:
    """In some runs: then a replay of a few messages has many rounds."""
    most = random.Random(f"{sim.scenario.seed}/rounds of replays").choice([1, 3, 1_000])
    with (
        patch.object(functions.replay.limits, "ROUND_MESSAGES", most),
        patch.object(functions.replay.remetering, "ROUND_OBJECTS", most),
    ):
        yield


def _clients(
    sim: Simulation, aforo: AforoPlace, machines: StepFunctions, metrics: Metrics
) -> Mapping[str, object]:
    """In the words of functions.adapters: what a module calls to have one."""
    states = Client(StepFunctionsClient(machines), STATES, sim.seams, ("exceptions",))
    figures = MetricCalls(AwsCalls(sim.seams), metrics)
    return {
        "sqs_client": lambda: sim.sqs,
        "s3_client": lambda: sim.s3,
        "logs_client": lambda: sim.logs,
        "lambda_client": lambda _seconds: sim.lambdas,
        "secrets_client": lambda: sim.secrets,
        "cloudwatch_client": lambda: figures,
        "stepfunctions_client": lambda: states,
        "aforo_client": lambda *_, **__: _client(aforo),
        "Telemetry": lambda _service: sim.telemetry,
    }


def _client(aforo: AforoPlace) -> httpx.Client:
    process = current_process()
    if process is None:
        raise RuntimeError("only a process asks Aforo")
    return aforo.client(process)


def _has(aforo: AforoPlace, key: str) -> bool:
    return any(one.event["idempotencyKey"] == key for one in aforo.book.entries)


def _schedule(sim: Simulation, part: OperatorsPart) -> None:
    """What EventBridge Scheduler starts."""
    count = sim.functions["audit count"]

    def run() -> None:
        if not part.doing.are_schedules_away():
            part.counts += 1
            count.call({}, lambda _answer: None)

    def replay() -> None:
        if not part.doing.are_schedules_away():
            name = f"scheduled-{int(sim.world.now)}"
            order = {"source": "usage", "filter": {"class": ["exhausted", "auth"]}}
            machines.start(REPLAY, name, order)

    def read_again() -> None:
        if not part.doing.are_schedules_away():
            order = {"source": "quarantine", "filter": {"reason": ["incomplete"]}, "quiet": True}
            machines.start(REPLAY, f"incomplete-{int(sim.world.now)}", order)

    machines = part.machines
    sim.world.every(audit_plan(sim).every, run, first=1.0)
    if sim.scenario.has_execution_log:
        sim.world.every(300.0, read_again, first=150.0)
    sim.world.every(3_600.0, replay, first=3_000.0)
