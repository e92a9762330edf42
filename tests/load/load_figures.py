"""A load that is over comes in; what every witness says of it leaves: the log, the ledger, Aforo's
book, the counters, and the functions' own lines.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from functions.usage.metric import Metric
from tests.kills.witnesses import booked
from tests.load.dollars import Dollars, dollars_at
from tests.load.hop_times import HopTimes, Moment, Spread, hop_times, spread_of
from tests.load.load_account import LoadAccount
from tests.load.load_cloud import STACK
from tests.load.load_run import Driven, LoadRun
from tests.load.log_reading import LoggedLine, Ran, invocations_of, logged_lines
from tests.load.settled_moments import add_the_ends, confirmations
from tests.local.customers import inspect
from tests.local.demo.depth import waiting
from tests.local.deploy import physical_ids
from tests.local.metric_series import read_series

STOPS = ("metering", "forwarder", "reconciliation")


@dataclass(frozen=True, slots=True)
class LoadFigures:
    through: str
    account: LoadAccount
    times: HopTimes
    metrics: Mapping[str, Spread]  # as the product tells it, by metric
    runs: Mapping[str, Spread]  # an invocation, seconds, by function
    cpu_seconds: Mapping[str, float]  # by function and server
    cold_starts: int
    dollars: Dollars
    drained_seconds: float

    def as_json(self) -> dict[str, Any]:
        def plain(spreads: Mapping[Any, Spread]) -> dict[str, Any]:
            return {str(name): one._asdict() for name, one in spreads.items()}

        times = {"billed": self.times.to_billed, "the counter": self.times.to_counted}
        return {
            **asdict(self),
            "rate": self.account.rate,
            "times": {**plain(times), "hops": plain(self.times.hops)},
            "metrics": plain(self.metrics),
            "runs": plain(self.runs),
            "dollars": self.dollars._asdict(),
        }


def figures_of(run: LoadRun, driven: Driven) -> LoadFigures:
    """Of what was requested after the warm-up; the account is of all."""
    groups = physical_ids(STACK)
    lines = {
        stop: [*logged_lines(groups[f"{stop.capitalize()}LogGroup"], run.began_ms)]
        for stop in STOPS
    }
    runs = {stop: invocations_of(found) for stop, found in lines.items()}
    settled = confirmations(run.cloud, runs["forwarder"])
    access_log = [*logged_lines(run.cloud.endpoints.access_log_group, run.began_ms)]
    logged = add_the_ends(settled.moments, run.cloud, access_log, run.watch.counted)
    lasted = {stop: _lasted(found.values(), driven.from_ms) for stop, found in runs.items()}
    measured = sum(one.put_ms >= driven.from_ms for one in access_log)
    return LoadFigures(
        through=run.cloud.through.value,
        account=_account(run, driven, logged, len(settled.moments)),
        times=hop_times(
            one for one in settled.moments.values() if one[Moment.REQUESTED] >= driven.from_ms
        ),
        metrics=_told([*lines["forwarder"], *lines["reconciliation"]], driven.from_ms),
        runs={stop: spread_of(found) for stop, found in lasted.items()},
        cpu_seconds=run.cpu.seconds(),
        cold_starts=run.cpu.started(),
        dollars=dollars_at(driven.asked.rate, measured / max(1, len(lasted["metering"]))),
        drained_seconds=driven.drained_seconds,
    )


def _account(run: LoadRun, driven: Driven, logged: int, confirmed: int) -> LoadAccount:
    endpoints, requests = run.cloud.endpoints, run.requests
    billable = {one.key for one in requests.billable()}
    book = [key for key, _ in booked(endpoints.aforo_url)]
    billed, reconciliation = set(book), endpoints.functions["reconciliation"]
    return LoadAccount(
        asked_rate=driven.asked.rate,
        seconds=driven.seconds,
        served=requests.served,
        warm_up=driven.warm_up,
        refused=requests.refused,
        failed=requests.failed,
        logged=logged,
        billable=len(billable),
        billed=len(billed),
        not_served=len(billed - billable),
        billed_twice=len(book) - len(billed),
        confirmed=confirmed,
        seen_counted=len(run.watch.counted),
        used=sum(int(inspect(reconciliation, who)["used"]) for who in run.cloud.payers),
        left={name: waiting(endpoints, name) for name in endpoints.queues},
    )


def _lasted(runs: Iterable[Ran], from_ms: int) -> list[float]:
    return [(ran.ended_ms - ran.began_ms) / 1000 for ran in runs if ran.began_ms >= from_ms]


def _told(lines: Iterable[LoggedLine], from_ms: int) -> dict[str, Spread]:
    """Freshness as CloudWatch makes it of the functions' own metrics."""
    series = read_series(line.text for line in lines)
    asked = (Metric.REQUEST_TO_BILLED, Metric.REQUEST_TO_COUNTED)
    return {
        one.metric: spread_of([point.value for point in points if point.at_ms >= from_ms])
        for one, points in series.items()
        if one.metric in asked
    }
