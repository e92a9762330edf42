"""The second witness: which hours are compared, with what, and what is never told of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.json_lines import put_lines
from functions.audit.equation import WindowRecord
from functions.audit.sources.logged_hour import LoggedHours
from functions.audit.sources.stage_counts import Stage, StageCounts
from functions.audit.sources.witness import HOURS_BACK, HourWitness
from functions.audit.sources.witnessed_hour import Uncompared, WitnessedHour, witness_name
from functions.audit.watched_source import WatchedSource
from functions.audit.window import AuditWindow, windows_between
from functions.audit.window_store import WindowStore
from functions.usage.moment import HOUR_MS
from tests.fakes.s3_objects import FakeBucket

TEN = datetime(2026, 11, 29, 10, tzinfo=UTC)
HOUR = int(TEN.timestamp() * 1000)
NOW = TEN + timedelta(hours=1, minutes=30)


class Aws:
    """API Gateway's list of APIs, a page each, and CloudWatch's counts by API name and stage."""

    def __init__(
        self, names: Sequence[Stage], counts: Mapping[tuple[str, str], float] | None = None
    ) -> None:
        self.names, self.counts = names, counts or {}
        self.asked: list[tuple[datetime, datetime]] = []

    def get_paginator(self, operation: str) -> Any:
        return self if operation == "get_metric_data" else _Apis(self.names)

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        assert len(asked["MetricDataQueries"]) <= 500  # what one call takes
        self.asked.append((asked["StartTime"], asked["EndTime"]))
        return [{"MetricDataResults": [self._result(one)]} for one in asked["MetricDataQueries"]]

    def _result(self, query: dict[str, Any]) -> dict[str, Any]:
        assert (query["MetricStat"]["Period"], query["MetricStat"]["Stat"]) == (3600, "Sum")
        metric = query["MetricStat"]["Metric"]
        assert (metric["Namespace"], metric["MetricName"]) == ("AWS/ApiGateway", "Count")
        found = self.counts.get(tuple(one["Value"] for one in metric["Dimensions"]))
        return {"Id": query["Id"], "Values": [] if found is None else [found]}


class _Apis:
    def __init__(self, names: Sequence[tuple[str, str]]) -> None:
        self.names = names

    def paginate(self, **_asked: object) -> list[dict[str, Any]]:
        return [{"items": [{"id": api, "name": name}]} for api, name in self.names]


class Bench:
    """One ledger's bucket, and a witness of some sources, each with its stages."""

    def __init__(self, aws: Aws, **stages: Sequence[Stage]) -> None:
        self.bucket = FakeBucket()
        self.aws = aws
        self.sources = [_source(name) for name in stages]
        log = LoggedHours(WindowStore(self.bucket, "ledger"))  # type: ignore[arg-type]
        counts = StageCounts(aws, aws)  # type: ignore[arg-type]
        self.witness = HourWitness(counts, log, lambda one: stages[one.name])

    def logged(self, window: AuditWindow, served: int, *, closed: bool = True) -> None:
        record = {
            "source": window.source, "logGroup": "/g", "start": "", "end": "", "auditedAt": "",
            "lines": served, "equation": {"confirmed": served},
        }  # fmt: skip
        row = WindowRecord.model_validate(record).as_json()
        put_lines(self.bucket, "ledger", window.object_name(closed=closed), [row])  # type: ignore[arg-type]

    def whole_hour(self, source: str, served: int, *, hour: int = HOUR) -> None:
        self.logged(AuditWindow(source, hour, hour + HOUR_MS), served)

    def look(self, now: datetime = NOW) -> list[WitnessedHour]:
        return self.witness.look(self.sources, now)


def _source(name: str) -> WatchedSource:
    said = {"name": name, "logGroup": f"/{name}", "kind": "access"}
    return WatchedSource.model_validate(said)


PROD = [("a1", "prod")]


def shop() -> Aws:
    """One API, whose stage served 100 requests in the hour."""
    return Aws([("a1", "Shop")], {("Shop", "prod"): 100.0})


@given(
    seconds=st.sampled_from([60, 300, 900, 3600]),
    shards=st.integers(1, 3),
    missing=st.booleans(),
    data=st.data(),
)
def test_an_hour_is_compared_when_all_of_it_is_counted(
    seconds: int, shards: int, *, missing: bool, data: st.DataObject
) -> None:
    """By windows of any length and any number of shards, open ones too."""
    bench = Bench(shop(), shop=PROD)
    windows = [*windows_between("shop", HOUR, HOUR + HOUR_MS, seconds=seconds, shards=shards)]
    served = data.draw(st.lists(st.integers(0, 9), min_size=len(windows), max_size=len(windows)))
    for window, count in zip(windows, served, strict=True):
        bench.logged(window, count, closed=bool(count % 2))
    if missing:
        gone = data.draw(st.sampled_from(windows))
        for closed in (True, False):
            bench.bucket.objects.pop(gone.object_name(closed=closed), None)
    found = bench.look()
    expected = [] if missing else [WitnessedHour("shop", HOUR, sum(served), 100)]
    assert found == expected


def test_a_closed_window_outranks_what_it_was_before() -> None:
    """Both objects may stand there."""
    bench = Bench(shop(), shop=PROD)
    window = AuditWindow("shop", HOUR, HOUR + HOUR_MS)
    bench.logged(window, 90, closed=False)
    bench.logged(window, 100)
    assert [one.requests for one in bench.look()] == [100]


def test_an_hour_in_which_the_windows_length_was_changed_is_counted_once() -> None:
    """Windows of both lengths stand beside each other; the whole kind is taken."""
    bench = Bench(shop(), shop=PROD)
    bench.logged(AuditWindow("shop", HOUR, HOUR + 300_000), 30)
    bench.whole_hour("shop", 100)
    assert [one.requests for one in bench.look()] == [100]


def test_an_hour_is_looked_at_once_and_late_ones_are_made_good() -> None:
    """The audit may have been away; what is older than it waits for stays as it is."""
    bench = Bench(shop(), shop=PROD)
    hours = [HOUR - number * HOUR_MS for number in range(HOURS_BACK + 1)]
    for hour in hours:
        bench.whole_hour("shop", 100, hour=hour)
    assert [one.hour_ms for one in bench.look()] == hours[HOURS_BACK - 1 :: -1]
    assert bench.look() == []
    assert {name for name in bench.bucket.objects if "witness" in name} == {
        witness_name("shop", hour) for hour in hours[:-1]
    }


def test_an_hour_is_left_alone_until_its_last_window_can_be_counted() -> None:
    """A window is counted 10 to 15 minutes after its end."""
    bench = Bench(shop(), shop=PROD)
    bench.whole_hour("shop", 100)
    assert bench.look(TEN + timedelta(hours=1, minutes=24)) == []
    assert len(bench.look(TEN + timedelta(hours=1, minutes=25))) == 1


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_what_is_told_is_more_than_stands_at_the_borders(counted: int, requests: int) -> None:
    """Never fewer than were counted beyond the log, never for 5 requests or a hundredth."""
    told = WitnessedHour("shop", HOUR, requests, counted).not_logged
    missing = counted - requests
    assert told == (missing if missing > 5 and missing * 100 > counted else 0)


def test_two_apis_of_one_name_are_not_compared() -> None:
    """CloudWatch counts them as one; they stand on different pages of the list."""
    aws = Aws([("a1", "Shop"), ("b2", "Other"), ("c3", "Shop")], {("Shop", "prod"): 500.0})
    bench = Bench(aws, shop=PROD, other=[("b2", "prod")])
    bench.whole_hour("shop", 100)
    bench.whole_hour("other", 0)
    assert bench.look() == [
        WitnessedHour("shop", HOUR, 100, None, Uncompared.NAME_SHARED),
        WitnessedHour("other", HOUR, 0, 0),
    ]


def test_a_source_whose_stage_nobody_knows_or_has_is_said_to_be_not_compared() -> None:
    """It is kept so: nobody takes it for one that is in order."""
    bench = Bench(shop(), nobody=[], gone=[("x9", "prod")])
    for name in ("nobody", "gone"):
        bench.whole_hour(name, 3)
    assert [(one.why, one.not_logged) for one in bench.look()] == [
        (Uncompared.STAGE_UNKNOWN, 0),
        (Uncompared.API_GONE, 0),
    ]
    assert bench.aws.asked == []


def test_sources_of_one_stage_and_stages_of_one_source_are_added_up() -> None:
    """A request is in one of the logs, and the stages' counts are apart."""
    aws = Aws([("a1", "Shop")], {("Shop", "prod"): 70.0, ("Shop", "beta"): 30.0})
    bench = Bench(aws, shop=[("a1", "prod"), ("a1", "beta")])
    bench.whole_hour("shop", 100)
    assert [(one.requests, one.counted) for one in bench.look()] == [(100, 100)]
    bench = Bench(aws, one=PROD, two=PROD)
    bench.whole_hour("one", 50)
    assert bench.look() == []  # the other's requests are not known yet
    bench.whole_hour("two", 20)
    assert [(one.requests, one.counted) for one in bench.look()] == [(70, 70), (70, 70)]


def test_an_hour_without_a_count_has_none_missing() -> None:
    """CloudWatch has no figure of an hour without a request."""
    bench = Bench(Aws([("a1", "Shop")]), shop=PROD)
    bench.whole_hour("shop", 0)
    (one,) = bench.look()
    assert (one.counted, one.not_logged) == (0, 0)
    assert bench.aws.asked == [(TEN, TEN + timedelta(hours=1))]


@given(st.integers(1, 1_200))
def test_any_number_of_stages_is_asked_for(count: int) -> None:
    """In calls of at most 500 questions, and each stage has its own figure."""
    stages = {(f"a{number}", "prod"): f"Api {number}" for number in range(count)}
    aws = Aws([], {(name, "prod"): float(number) for number, name in enumerate(stages.values())})
    found = StageCounts(aws, aws).of_hour(HOUR, stages)  # type: ignore[arg-type]
    assert found == {stage: number for number, stage in enumerate(stages)}
