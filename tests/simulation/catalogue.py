"""The failures that must lose and double nothing, and which of them a run reached, by what happened
in it. One entry for each that reviews of the design named (numbers), for each way in which earlier
versions broke (letters), and where a run cannot reach it, the test that shows it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from functions.usage.metric import Metric
from tests.simulation.counters.counter_losses import Emptied, OlderCopy
from tests.simulation.counters.counter_stops import RECONCILIATION
from tests.simulation.counters.decision_link import COUNTERS
from tests.simulation.disturbances import ChaosKind
from tests.simulation.engine.seam import Mishap
from tests.simulation.gateway_request import EXECUTION_STAGE, OVERRIDDEN
from tests.simulation.operators.deeds import Document
from tests.simulation.usage_road.road_places import (
    AFORO,
    FORWARDER,
    LEDGER,
    METERING,
    QUARANTINE,
    SETTLED_QUEUE,
    USAGE_QUEUE,
)
from tests.simulation.whole import Whole

DEATHS = (Mishap.DIES_BEFORE, Mishap.DIES_AFTER)


@dataclass(frozen=True, slots=True)
class Failure:
    """`times` says how often a run reached it; None: `elsewhere` is the test that shows it."""

    name: str
    what: str
    times: Callable[[Whole], float] | None
    elsewhere: str = ""


def _chaos(*kinds: str) -> Callable[[Whole], float]:
    return lambda whole: sum(whole.sim.troubles.happened[kind] for kind in kinds)


def _mishaps(stop: str, places: Iterable[str], how: Iterable[Mishap]) -> Callable[[Whole], float]:
    wanted = [(stop, place, one) for place in places for one in how]
    return lambda whole: sum(whole.sim.seams.happened[one] for one in wanted)


def _faults(*kinds: str) -> Callable[[Whole], float]:
    return lambda whole: sum(whole.witnesses.faults[kind] for kind in kinds)


def _classes(*kinds: str) -> Callable[[Whole], float]:
    return lambda whole: sum(whole.witnesses.classes[kind] for kind in kinds)


def _counted(metric: Metric, reason: str = "") -> Callable[[Whole], float]:
    if reason:
        return lambda whole: whole.sim.telemetry.counts[metric, reason]
    return lambda whole: whole.sim.telemetry.times(metric)


def _recovered(whole: Whole) -> float:
    """Lines that no delivery brought, and that are billed."""
    lines = (line for one in whole.road.subscriptions for line in one.unsent)
    unsent = (key for line in lines for key in line.keys)
    return sum(key in whole.sim.whereabouts.at_home for key in unsent)


def _overridden(whole: Whole) -> float:
    """Events in the book whose client gave the same request id as others did."""
    entries = whole.road.aforo.book.entries
    found = [one for one in entries if one.event["metadata"]["requestId"] == OVERRIDDEN]
    return len(found)


def _by_execution_log(whole: Whole) -> float:
    """Events in the book of the stage that has one."""
    entries = whole.road.aforo.book.entries
    found = [one for one in entries if one.event["metadata"]["stage"] == EXECUTION_STAGE]
    return len(found)


def _months(whole: Whole) -> float:
    return len({one.event["occurredAt"][:7] for one in whole.road.aforo.book.entries}) - 1


def _refused_after_rotation(whole: Whole) -> float:
    return bool(whole.operators.configuring.rotated) and whole.witnesses.statuses[401]


def _replays(whole: Whole) -> float:
    """One stood back for another, was stopped, or went on after that."""
    executions = whole.operators.machines.executions.values()
    stood_back = sum(one.walk.at == "Another replay is running" for one in executions)
    return stood_back + whole.operators.doing.stopped + whole.operators.doing.redriven


def _handed_on(whole: Whole) -> float:
    """Executions that handed on what remained of a replay."""
    executions = whole.operators.machines.executions.values()
    return sum(one.walk.at == "Hand on what remains" for one in executions)


def _bad_first(whole: Whole) -> float:
    """A bad configuration before any good one, and deliveries that failed for it."""
    is_first = whole.operators.configuring.done[:1] == [Document.BAD]
    return is_first and whole.operators.configuring.is_unconfigured


def _losses(kind: type) -> Callable[[Whole], float]:
    return lambda whole: sum(isinstance(one, kind) for one in whole.counters.losses.happened)


CATALOGUE = (
    Failure(
        "1",
        "CloudWatch delivers again, or in other groups",
        _chaos(ChaosKind.DELIVERY_TWICE, ChaosKind.DELIVERY_REGROUPED, ChaosKind.INVOKED_TWICE),
    ),
    Failure("2", "the subscription filter is away; an audit finds it", _recovered),
    Failure(
        "3",
        "Lambda gives a delivery up, and OnFailure keeps it",
        lambda whole: len(whole.road.subscriptions[0].metering.kept),
    ),
    Failure(
        "4",
        "metering dies in the middle of a delivery",
        _mishaps(METERING, (USAGE_QUEUE, QUARANTINE), DEATHS),
    ),
    Failure("5", "a malformed log line", _counted(Metric.REQUESTS_QUARANTINED, "invalid_json")),
    Failure("6", "some entries of a SendMessageBatch fail", _chaos(ChaosKind.ENTRY_FAILS)),
    Failure(
        "7",
        "a batch over 1 MiB, characters that SQS does not take",
        None,
        "tests/contracts/test_message_queue.py",
    ),
    Failure("8", "clients give the same x-amzn-RequestId", _overridden),
    Failure("9", "SQS delivers twice", _chaos(ChaosKind.RECEIVED_TWICE)),
    Failure(
        "10",
        "an answer to SQS's poller that is no list",
        None,
        "tests/unit/forwarder/test_handler.py",
    ),
    Failure("11", "all messages of a batch fail", lambda w: w.witnesses.failed_whole),
    Failure(
        "12",
        "Aforo takes events, and its answer is lost",
        lambda whole: (
            _faults("reset_after_commit", "hang", "truncated")(whole)
            + whole.sim.seams.happened[FORWARDER, AFORO, Mishap.ANSWER_LOST]
        ),
    ),
    Failure("13", "429 with a Retry-After of any form", lambda w: w.witnesses.retry_after.total()),
    Failure("14", "5xx for half an hour or more", lambda w: w.witnesses.outage >= 1_800),
    Failure("15", "a 2xx with wrong counts, or none", _faults("wrong_counts", "empty_2xx")),
    Failure("16", "401 after the key was rotated", _refused_after_rotation),
    Failure("17", "a poison event among others", _classes("poison")),
    Failure(
        "18",
        "the forwarder dies between Aforo's answer and the acknowledgement",
        lambda whole: (
            _mishaps(FORWARDER, (LEDGER, SETTLED_QUEUE), DEATHS)(whole)
            + whole.sim.seams.happened[FORWARDER, AFORO, Mishap.DIES_AFTER]
        ),
    ),
    Failure(
        "19",
        "reconciliation dies, or hears nothing, inside a call of the counters",
        _mishaps(RECONCILIATION, (COUNTERS,), (*DEATHS, Mishap.ANSWER_LOST)),
    ),
    Failure("20", "the counters fail over to an older copy", _losses(OlderCopy)),
    Failure("21", "the counters are emptied", _losses(Emptied)),
    Failure(
        "22",
        "usage is settled into an hour that a repair has closed",
        _counted(Metric.EVENTS_NOT_COUNTED, "hour_is_closed"),
    ),
    Failure("23", "usage of two months", _months),
    Failure("24", "a replay twice at once, stopped, redriven", _replays),
    Failure("25", "usage older than Aforo's memory: a person decides", _classes("ambiguous")),
    Failure(
        "D1",
        "metering fails while heartbeats come: they do not pass",
        lambda w: w.witnesses.failed_heartbeats,
    ),
    Failure("D2", "a first configuration that is bad, and is deleted again", _bad_first),
    Failure(
        "D3",
        "a refusal that blames nobody is asked again",
        _counted(Metric.EVENTS_HELD, "refused_once"),
    ),
    Failure(
        "D4",
        "an object of the ledger vanishes",
        None,
        "tests/integration/adapters/test_ledger_policy.py",
    ),
    Failure(
        "D5",
        "the backend's own 401, 403 or 429",
        None,
        "tests/unit/metering/billing/test_decide.py",
    ),
    Failure(
        "E1",
        "two copies of an event are given up in one invocation",
        lambda w: w.witnesses.copies_given_up,
    ),
    Failure("E2", "a heartbeat waits for usage beside it", _counted(Metric.HEARTBEATS_HELD)),
    Failure(
        "E3",
        "a customer's key changes hands at a time ahead",
        lambda w: Document.CUSTOMERS in w.operators.configuring.done,
    ),
    Failure(
        "E4",
        "a Redis that hangs costs a caller 50 ms",
        None,
        "tests/integration/authorizer/test_hung_redis.py",
    ),
    Failure("E5", "a replay is more than one execution may do", _handed_on),
    Failure("E6", "an execution log is metered beside an access log", _by_execution_log),
    Failure(
        "E7",
        "a delivery ends in the middle of a request of an execution log",
        _counted(Metric.REQUESTS_INCOMPLETE),
    ),
)


def reached(whole: Whole) -> tuple[str, ...]:
    """The names of what happened in a run that is over."""
    return tuple(one.name for one in CATALOGUE if one.times and one.times(whole))


def table(seeds: int, found: Mapping[str, int]) -> str:
    """In how many runs each was reached."""
    return "\n".join(_told(one, seeds, found) for one in CATALOGUE)


def _told(one: Failure, seeds: int, found: Mapping[str, int]) -> str:
    runs = f"{found.get(one.name, 0)} of {seeds}" if one.times else "-"
    elsewhere = f" ({one.elsewhere})" if one.elsewhere else ""
    return f"{one.name:>4}  {runs:>12}  {one.what}{elsewhere}"


def never(found: Mapping[str, int]) -> list[str]:
    """Those that a run could reach, and none did."""
    return [one.name for one in CATALOGUE if one.times and not found.get(one.name)]


def summed(runs: Iterable[tuple[str, ...]]) -> Counter[str]:
    """By name, in how many."""
    return Counter(name for names in runs for name in names)
