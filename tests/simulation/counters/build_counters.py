"""The counters' part of a simulation: Valkey, what writes and reads it, its schedules, and what has
to hold of it.

The road's part comes before: it makes the queue of settled usage, the ledger's bucket and the
configuration's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from unittest.mock import patch

import httpx

from functions.reconciliation import due
from functions.reconciliation.counters.redis_scripts import Script
from functions.usage.moment import HOUR_MS
from functions.usage.quota import tenant_key
from tests.simulation.aws.function import Function
from tests.simulation.counters.counted_checks import CountedChecks
from tests.simulation.counters.counter_losses import CounterLosses, Emptied, OlderCopy
from tests.simulation.counters.counter_stops import (
    CounterPlaces,
    CounterStops,
    counter_stops,
    start_authorizer,
)
from tests.simulation.counters.counters_client import operation_of
from tests.simulation.counters.ledger_sums import LedgerSums
from tests.simulation.counters.observed_counters import ObservedCounters
from tests.simulation.counters.quota_gateway import QuotaGateway
from tests.simulation.counters.quota_plans import PLENTY, QuotaPlan, state_all
from tests.simulation.counters.rebuilt_counters import Rebuilding
from tests.simulation.counters.reconcile_machine import ReconcileMachine
from tests.simulation.counters.simulated_valkey import SimulatedValkey
from tests.simulation.counters.valkey_socket import Command, valkey_socket
from tests.simulation.engine.process import Process, current_process
from tests.simulation.scenario import HOUR
from tests.simulation.simulation import Simulation
from tests.simulation.untold import DEATH_SECONDS

TENANT = "tenant_demo"
# As template.yaml has them.
BATCH_SIZE, WINDOW_SECONDS, MOST_AT_ONCE = 50, 1, 2
REPAIR_EVERY_SECONDS, EXPIRE_EVERY_SECONDS = 300.0, 300.0
SELDOM_SECONDS, BUSY_WINDOWS, BUSY_MINUTES = 420.0, 2, 10
# A person looks when CounterStateUnknownAlarm rings.
PERSON_SECONDS = 240.0


@dataclass
class CountersPart:
    """What a run's other parts may ask for."""

    stops: CounterStops
    valkey: SimulatedValkey
    ledger: LedgerSums
    checks: CountedChecks
    gateway: QuotaGateway
    machine: ReconcileMachine
    losses: CounterLosses
    rebuilding: Rebuilding


def is_trusted(valkey: SimulatedValkey) -> bool:
    """Whether the counters are open."""
    return valkey.look([("EXISTS", tenant_key(TENANT, "generation"))]) == [1]


def build_counters(
    sim: Simulation,
    plans: Sequence[QuotaPlan],
    *,
    metering: Function,
    aforo: Callable[[Process], httpx.Client],
    settled_queue: str,
    ledger_bucket: str,
    register_bucket: str,
    is_elsewhere: Callable[[str], bool],
) -> CountersPart:
    """Adds it. `is_elsewhere` is as `CountedChecks` has it."""
    world, valkey = sim.world, SimulatedValkey(valkey_socket(), lambda: sim.world.now)
    observed, ledger = ObservedCounters(), LedgerSums(lambda: world.now)
    valkey.watchers.append(observed.heard)
    sim.buckets[ledger_bucket].watchers.append(ledger.heard)
    places = CounterPlaces(
        valkey,
        sim.seams,
        sim.s3,
        sim.sqs,
        sim.secrets,
        aforo,
        ledger_bucket,
        sim.urls[settled_queue],
        TENANT,
    )
    stops = counter_stops(sim, places)
    sim.poll(
        settled_queue,
        stops.reconciliation,
        batch_size=BATCH_SIZE,
        window=WINDOW_SECONDS,
        most_at_once=MOST_AT_ONCE,
    )
    checks = CountedChecks(world, valkey, observed, ledger, TENANT, is_elsewhere)
    part = CountersPart(
        stops=stops,
        valkey=valkey,
        ledger=ledger,
        checks=checks,
        gateway=QuotaGateway(
            world,
            {plan.customer: plan for plan in plans if plan.limit < PLENTY},
            partial(start_authorizer, sim, places),
            checks.overdue,
            sim.accuse,
        ),
        machine=ReconcileMachine(
            world, metering, stops.reconciliation, stops.fetch, partial(_put, sim), 1, 3
        ),
        losses=CounterLosses(world, valkey, checks),
        rebuilding=Rebuilding(
            world,
            places,
            sim.lambdas,
            stops.reconciliation,
            register_bucket,
            partial(is_trusted, valkey),
            int(sim.begun * 1000) // HOUR_MS - 1,
        ),
    )
    _connect(sim, part)
    send = sim.queues[settled_queue].send
    state_all(plans, sim.s3, register_bucket, send, int(world.now * 1000))
    return part


def _connect(sim: Simulation, part: CountersPart) -> None:
    """To what the simulation asks of its parts."""
    sim.patches.enter_context(patch.object(due, "randrange", partial(_randrange, sim)))
    sim.lambdas.add(part.stops.reconciliation)
    sim.checks.append(part.checks.check)
    sim.end_checks.append(part.checks.differences)
    part.valkey.missers.append(partial(_not_settled, part.checks))
    for stop, seconds in DEATH_SECONDS.items():
        if stop in sim.functions:
            sim.functions[stop].mourners.append(partial(_mourn, part.checks, seconds))
    for kind in (OlderCopy, Emptied):
        sim.arranging[kind] = lambda one: part.losses.arrange(one, sim.begun)
    world = sim.world
    _schedule_reconcile(sim, part.machine)
    world.every(EXPIRE_EVERY_SECONDS, part.valkey.expire, first=EXPIRE_EVERY_SECONDS)
    # As cron(2/5 ...): amid the ticks.
    first = 120 - sim.begun % REPAIR_EVERY_SECONDS
    world.every(REPAIR_EVERY_SECONDS, lambda: _repair(part), first=first % REPAIR_EVERY_SECONDS)
    world.every(PERSON_SECONDS, part.rebuilding.begin, first=PERSON_SECONDS)


def _schedule_reconcile(sim: Simulation, machine: ReconcileMachine) -> None:
    """Each minute for a while, here and there; else so seldom that a run stays short. A schedule
    that does not run makes the lag greater, never smaller.
    """
    chance, ends = sim.world.chance("reconcile schedule"), sim.scenario.hours * HOUR
    for _ in range(BUSY_WINDOWS):
        begins = sim.begun + chance.uniform(0, ends)
        for minute in range(BUSY_MINUTES):
            sim.world.at(begins + 60 * minute, machine.start)
    sim.world.every(SELDOM_SECONDS, machine.start, first=1.0)


def _not_settled(checks: CountedChecks, commands: Sequence[Command]) -> None:
    """Its process says so when it is called again; else nobody can until the usage is back."""
    if any(operation_of(one) == Script.SETTLE for one in commands):
        _mourn(checks, DEATH_SECONDS["reconciliation"])


def _mourn(checks: CountedChecks, seconds: float) -> None:
    checks.deaths.append((checks.world.now, seconds))


def _repair(part: CountersPart) -> None:
    part.stops.repair.call({}, lambda _answer: None)


def _put(sim: Simulation, log_group: str, stream: str, line: str) -> bool:
    """By the state machine, which is no process: it tries three times, and so the log is there."""
    sim.logs.groups[log_group].put(stream, line)
    return True


def _randrange(sim: Simulation, most: int) -> int:
    process = current_process()
    return sim.world.chance(f"line of {process.name if process else ''}").randrange(most)
