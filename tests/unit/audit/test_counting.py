"""A run of the count: every window that is due is looked at once, and what is missing is started to
be repaired once.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.json_lines import UnreadableObject
from functions.adapters.log_events import LogBusy
from functions.adapters.telemetry import Telemetry
from functions.audit.count import LAST_LINES_MS
from functions.audit.counting.another_window import AnotherWindow
from functions.audit.counting.audit_figures import AuditFigures
from functions.audit.counting.counting import Counting, NotLookedAt
from functions.audit.counting.due_windows import WindowPlan
from functions.audit.counting.repair_start import MOST_REPAIRS, execution_name
from functions.audit.counting.repairs_begun import MOST_STARTS, RepairsBegun
from functions.audit.equation import Equation, WindowRecord
from functions.audit.window import AuditWindow, windows_between
from functions.audit.window_store import WindowStore
from functions.usage.metric import Metric
from functions.usage.moment import DAY_MS
from tests.fakes.audited_log import (
    START_MS,
    WINDOW_MS,
    AuditedLogs,
    LoggedRequest,
    audited_source,
    first_window,
)

PLAN = WindowPlan(seconds=300, delay_seconds=600, shards=1, dedup_window_seconds=86_400)
FIRST_DUE_MS = START_MS + WINDOW_MS + 600_000
ALWAYS_TIME: Callable[[], bool] = lambda: True  # noqa: E731 - a name for what stands everywhere
DENIED = ClientError({"Error": {"Code": "AccessDenied"}}, "StartExecution")


@dataclass
class Audits:
    """Runs of the count over some logs, five minutes apart."""

    logs: AuditedLogs
    names: Sequence[str] = ("shop",)
    started: list[str] = field(default_factory=list)
    refusal: Exception | None = None
    configured_at: datetime | None = None
    now_ms: int = FIRST_DUE_MS

    def start(self, window: AuditWindow, repairs: int) -> str:
        if self.refusal:
            raise self.refusal
        name = execution_name(window, repairs)
        if name in self.started:
            return ""
        self.started.append(name)
        return name

    @property
    def store(self) -> WindowStore:
        client: Any = self.logs.bucket
        return WindowStore(client, "ledger")

    def run(
        self,
        is_time_left: Callable[[], bool] = ALWAYS_TIME,
        *,
        later_ms: int = 0,
    ) -> dict[str, object]:
        self.now_ms += later_ms
        self.logs.now = datetime.fromtimestamp(self.now_ms / 1000, UTC)
        telemetry = Telemetry("audit-count")
        sources = [audited_source(name) for name in self.names]
        comparing = self.logs.comparing()
        repairs = RepairsBegun(self.store, comparing, self, telemetry, lambda: self.configured_at)
        count = Counting(lambda: sources, self.store, comparing, repairs, PLAN, telemetry)
        try:
            return count.run(self.logs.now, is_time_left)
        finally:
            telemetry.flush()

    def record(self, number: int = 0, source: str = "shop") -> WindowRecord | None:
        return self.store.read(window(number, source))


def window(number: int, source: str = "shop") -> AuditWindow:
    from_ms = START_MS + number * WINDOW_MS
    return AuditWindow(source, from_ms, from_ms + WINDOW_MS)


def requests(windows: int, each: int = 2) -> list[LoggedRequest]:
    times = [START_MS + at * WINDOW_MS for at in range(windows) for _ in range(each)]
    return [LoggedRequest(number, at_ms) for number, at_ms in enumerate(times)]


def audits(windows: int = 1, names: Sequence[str] = ("shop",)) -> Audits:
    return Audits(AuditedLogs({name: requests(windows) for name in names}), names)


def settle(found: Audits, name: str = "shop") -> None:
    for request in found.logs.groups[name]:
        found.logs.settle(request.rows(), minutes=1 + (request.at_ms - START_MS) // 60_000)


def metrics(printed: str) -> dict[tuple[str, str], object]:
    """Name and source of each metric that was written, with its last value."""
    lines = [json.loads(line) for line in printed.splitlines() if "_aws" in line]
    return {
        (metric["Name"], line.get("Source", "")): line[metric["Name"]]
        for line in lines
        for part in line["_aws"]["CloudWatchMetrics"]
        for metric in part["Metrics"]
    }


def test_a_window_is_looked_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Closed, it is counted, and the next run finds nothing to do."""
    found = audits()
    settle(found)
    assert found.run() == {
        "windows": 1, "behind": 0, "failed": 0, "unaccounted": 0, "started": [],
    }  # fmt: skip
    assert metrics(capsys.readouterr().out) == {
        (Metric.WINDOWS_BEHIND, ""): 0,
        (Metric.REQUESTS_SERVED, "shop"): 2,
        (Metric.REQUESTS_CONFIRMED, "shop"): 2,
    }
    record = found.record()
    assert record is not None
    assert record.equation == Equation(confirmed=2)
    assert found.run()["windows"] == 0
    assert (Metric.REQUESTS_SERVED, "shop") not in metrics(capsys.readouterr().out)


def test_ten_runs_start_one_repair(capsys: pytest.CaptureFixture[str]) -> None:
    """The record stays what it is, and the metric rings until somebody closes the window."""
    found = audits()
    found.run()
    record = found.record()
    for _ in range(9):
        found.run()
    assert found.started == ["shop-20261003T080000Z-0-0"]
    assert found.record() == record
    said = metrics(capsys.readouterr().out)
    assert said[Metric.REQUESTS_UNACCOUNTED, "shop"] == said[Metric.REQUESTS_UNACCOUNTED, ""] == 2


def test_a_record_that_missed_the_end_of_its_repair_does_not_ring_on() -> None:
    """Somebody stopped the repair when it had sent, or an older look was written over its word: no
    other is started under its name, so the count looks itself.
    """
    found = audits()
    found.run()
    settle(found)
    assert found.run()["unaccounted"] == 0
    record = found.record()
    assert record is not None
    assert (record.equation, record.repairs) == (Equation(confirmed=2), 1)
    assert found.started == ["shop-20261003T080000Z-0-0"]


@pytest.mark.parametrize("changed_ms", [START_MS, START_MS + 1, FIRST_DUE_MS + WINDOW_MS])
def test_what_another_configuration_metered_waits_for_a_person(
    changed_ms: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A meter renamed in a version in force makes billed requests look missing: that rings, and
    nothing is metered again by itself.
    """
    found = audits()
    found.configured_at = datetime.fromtimestamp(changed_ms / 1000, UTC)
    assert found.run()["unaccounted"] == 2
    assert bool(found.started) == (changed_ms <= START_MS)
    printed = capsys.readouterr().out
    assert ("waiting_for_a_person" in printed) == (changed_ms > START_MS)
    assert metrics(printed)[Metric.REQUESTS_UNACCOUNTED, "shop"] == 2


def test_a_window_is_repaired_three_times_at_most() -> None:
    """As often as its record says; then a person looks, and it goes on to ring."""
    found = audits()
    found.run()
    for repairs in range(1, 6):
        record = found.record()
        assert record is not None
        found.store.keep(first_window(), record.model_copy(update={"repairs": repairs}))
        assert found.run()["unaccounted"] == 2
    assert [name[-1] for name in found.started] == [str(n) for n in range(MOST_REPAIRS)]


def test_nothing_is_started_while_the_road_is_not_clear(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Aforo is down for hours: what waits is held, nothing rings, and nothing is metered again."""
    found = audits(windows=12)
    found.logs.clear_until = datetime.fromtimestamp(START_MS / 1000, UTC)
    for _ in range(12):
        assert found.run(later_ms=WINDOW_MS)["unaccounted"] == 0
    assert found.started == []
    said = metrics(capsys.readouterr().out)
    assert said[Metric.REQUESTS_HELD, "shop"] == 22
    assert (Metric.REQUESTS_UNACCOUNTED, "shop") not in said
    asked = found.logs.asked.count("log shop access")
    settle(found)
    found.logs.clear_until = datetime.fromtimestamp(found.now_ms / 1000, UTC)
    assert found.run()["windows"] == 11
    assert found.logs.asked.count("log shop access") == asked + 11
    assert found.started == []
    assert set(found.store.states("shop", START_MS, START_MS + DAY_MS).values()) == {True}


def test_a_held_window_counts_each_request_once(capsys: pytest.CaptureFixture[str]) -> None:
    """It is served once, and confirmed once, however often it is looked at."""
    found = audits()
    found.logs.clear_until = datetime.fromtimestamp(START_MS / 1000, UTC)
    found.logs.settle(found.logs.groups["shop"][0].rows())
    served = metrics_after(found, capsys)
    settle(found)
    found.logs.clear_until += timedelta(hours=1)
    again = metrics_after(found, capsys)
    assert served[Metric.REQUESTS_SERVED, "shop"] == 2
    assert served[Metric.REQUESTS_CONFIRMED, "shop"] == 1
    assert served[Metric.REQUESTS_HELD, "shop"] == 1
    assert (Metric.REQUESTS_SERVED, "shop") not in again
    assert again[Metric.REQUESTS_CONFIRMED, "shop"] == 1


def metrics_after(
    found: Audits, capsys: pytest.CaptureFixture[str]
) -> dict[tuple[str, str], object]:
    capsys.readouterr()
    found.run()
    return metrics(capsys.readouterr().out)


def test_sources_take_turns(capsys: pytest.CaptureFixture[str]) -> None:
    """When time ends, each is as far behind as the others, and it is told how far."""
    found = audits(windows=4, names=("a", "b", "c"))
    for name in found.names:
        settle(found, name)
    found.run()
    left = iter([True] * 5)
    assert found.run(lambda: next(left, False), later_ms=3 * WINDOW_MS)["behind"] == 4
    assert metrics(capsys.readouterr().out)[Metric.WINDOWS_BEHIND, ""] == 4
    assert [len(found.store.states(name, START_MS, START_MS + DAY_MS)) for name in found.names] == [
        3,
        3,
        2,
    ]
    assert found.run()["windows"] == 4


@pytest.mark.parametrize(
    ("failure", "tries"), [(LogBusy("shop"), 1), (UnreadableObject("ledger/x", "torn"), 3)]
)
def test_what_cannot_be_looked_at_keeps_no_other_waiting(
    failure: Exception,
    tries: int,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is told with its reason, is due again, and the invocation fails in the end. Who is
    throttled is left alone; a torn object is one hour's fault.
    """
    found = audits(windows=3, names=("shop", "other"))
    settle(found, "shop")
    settle(found, "other")
    found.run()
    found.logs.failures["shop"] = failure
    with pytest.raises(NotLookedAt):
        found.run(later_ms=3 * WINDOW_MS)
    said = [str(vars(one)["why"]) for one in caplog.records if "why" in vars(one)]
    assert said == [f"{type(failure).__name__}: {failure}"] * tries
    assert metrics(capsys.readouterr().out)[Metric.WINDOWS_BEHIND, ""] == 3
    assert len(found.store.states("other", START_MS, START_MS + DAY_MS)) == 4
    found.logs.failures.clear()
    assert found.run()["windows"] == 3


class CutByLambda(BaseException):
    """Nothing runs any more."""


def test_a_window_that_takes_all_the_time_keeps_no_source_waiting() -> None:
    """It has more lines than an invocation has time for, whenever it is tried. Lambda never cuts a
    run, and the other sources are audited to the last window, within four runs.
    """
    names = ("busy", "a", "b", "c")
    found = audits(windows=20, names=names)
    for name in names:
        settle(found, name)
        found.store.keep(window(-1, name), empty_record(window(-1, name)))
    found.logs.groups["busy"] = found.logs.groups["busy"][:2] * 1_000
    left = [0]

    def reads() -> bool:
        left[0] -= 5_000  # that each chunk takes
        if left[0] < 0:
            raise CutByLambda
        return left[0] > LAST_LINES_MS

    comparing = found.logs.comparing
    found.logs.comparing = lambda: comparing()._replace(is_time_left=reads)  # type: ignore[method-assign]
    for _ in range(24):
        left[0] = 900_000
        with suppress(NotLookedAt):
            found.run(AnotherWindow(lambda: left[0]).has_time, later_ms=WINDOW_MS)
    for name in names[1:]:
        known = found.store.states(name, START_MS, found.now_ms)
        assert {window(number, name) for number in range(20)} <= known.keys()
    assert window(0, "busy") not in found.store.states("busy", START_MS, found.now_ms)


def test_who_has_waited_longest_begins() -> None:
    """Where a run has time for one source only, the last is not left out each time."""
    found = audits(names=("a", "b", "c"))
    for name in found.names:
        settle(found, name)
    looked = []
    for _ in range(9):
        left = iter([True])
        found.run(lambda left=left: next(left, False), later_ms=WINDOW_MS)  # type: ignore[misc]
        looked.append([len(found.store.states(n, START_MS, found.now_ms)) for n in found.names])
    assert looked[2] == [1, 1, 1]
    assert min(looked[8]) >= 2


def test_shards_divide_the_windows_between_them() -> None:
    """Each is looked at by one of them, also those that were divided into more or fewer."""
    for before in (1, 2, 5):
        plan = PLAN._replace(shards=3)
        windows_of = [AuditWindow("shop", START_MS, START_MS + 1, n, before) for n in range(before)]
        for one in windows_of:
            assert sum(plan.is_of_shard(one, shard) for shard in range(3)) == 1
    found = audits()
    settle(found)
    plan = PLAN._replace(shards=2)
    for shard in (1, 0):
        comparing, telemetry = found.logs.comparing(), Telemetry("audit-count")
        count = Counting(
            lambda: [audited_source()],
            found.store,
            comparing,
            RepairsBegun(found.store, comparing, found, telemetry),
            plan,
            telemetry,
            shard,
        )
        assert (
            count.run(datetime.fromtimestamp(found.now_ms / 1000, UTC), ALWAYS_TIME)["windows"] == 1
        )
        known = found.store.states("shop", START_MS, found.now_ms)
        assert shard in {one.shard for one in known}
    assert {(one.shard, one.shards) for one in known} == {(0, 2), (1, 2)}


def test_a_source_whose_log_is_gone_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    """It is no failure, has no record, and the others go on."""
    found = audits(names=("shop", "other"))
    settle(found, "other")
    found.logs.absent.add("shop")
    assert found.run() == {
        "windows": 1, "behind": 0, "failed": 0, "unaccounted": 0, "started": [],
    }  # fmt: skip
    assert found.record() is None
    (said,) = [vars(one) for one in caplog.records]
    assert (said["source"], said["why"]) == ("shop", "log_gone")


def test_a_repair_that_cannot_be_started_is_told_of() -> None:
    """The next run starts it."""
    found = audits()
    found.refusal = DENIED
    with pytest.raises(NotLookedAt):
        found.run()
    found.refusal = None
    found.run()
    assert found.started == ["shop-20261003T080000Z-0-0"]


def test_a_record_that_cannot_be_read_is_told_of() -> None:
    """And the other sources are looked at."""
    found = audits(names=("shop", "other"))
    found.run()
    found.logs.bucket.objects[first_window().object_name(closed=False)] = b"torn"
    with pytest.raises(NotLookedAt):
        found.run()
    assert len(found.started) == 2


def test_a_record_that_cannot_be_read_keeps_no_window_waiting() -> None:
    """Somebody edited it: its window is looked at anew, and the others as ever."""
    found = audits(windows=3)
    found.run()
    settle(found)
    found.logs.bucket.objects[first_window().object_name(closed=False)] = b"torn"
    with pytest.raises(NotLookedAt):
        found.run(later_ms=2 * WINDOW_MS)
    states = found.store.states("shop", START_MS, found.now_ms)
    assert [states[window(number)] for number in range(3)] == [True] * 3
    assert found.run()["windows"] == 0


@pytest.mark.parametrize("bug", [KeyError("nextToken"), MemoryError(), OverflowError("date")])
def test_a_bug_in_one_window_keeps_no_other_waiting(bug: Exception) -> None:
    """It is as loud as ever, when all others were looked at and told of."""
    found = audits(names=("shop", "other"))
    found.logs.failures["shop"] = bug
    with pytest.raises(type(bug)):
        found.run()
    assert found.started == [execution_name(first_window("other"), 0)]


def test_repairs_of_a_whole_day_are_started_some_at_a_time() -> None:
    """Oldest first: each of them reads the log and meters."""
    found = audits(windows=25)
    found.store.keep(old := window(-1), empty_record(old))
    found.run(later_ms=24 * WINDOW_MS)
    assert len(found.started) == MOST_STARTS
    assert found.started[0] == execution_name(window(0), 0)
    while len(found.started) < 25:
        before = len(found.started)
        found.run()
        assert before < len(found.started) <= before + MOST_STARTS


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.booleans(), st.integers(0, 7), st.booleans()), max_size=8
    ),
    st.sets(st.integers(0, 19)),
)
def test_in_the_end_every_window_is_closed_or_repaired(
    steps: list[tuple[int, bool, int, bool]], lost: set[int]
) -> None:
    """Whatever comes late, runs that fail or have no time included: nothing is started for what
    only waits, and what is lost is started for, each window once.
    """
    found = audits(windows=10)
    found.store.keep(old := window(-1), empty_record(old))
    arriving = [one for one in found.logs.groups["shop"] if one.number not in lost]
    for windows, is_clear, arrive, fails in steps:
        for request in arriving[:arrive]:
            found.logs.settle(request.rows(), minutes=55)
        del arriving[:arrive]
        has_arrived = is_clear and not arriving
        found.logs.clear_until = found.logs.now if has_arrived else datetime.fromtimestamp(0, UTC)
        found.logs.failures = {"shop": LogBusy("shop")} if fails else {}
        left = iter([True] * windows)
        with suppress(NotLookedAt):
            found.run(lambda left=left: next(left, False), later_ms=WINDOW_MS)  # type: ignore[misc]
    for request in arriving:
        found.logs.settle(request.rows(), minutes=58)
    found.logs.failures.clear()
    found.now_ms = max(found.now_ms, window(12).to_ms)
    found.logs.clear_until = datetime.fromtimestamp(found.now_ms / 1000, UTC)
    for _ in range(3):
        found.run()
    without = {number // 2 for number in lost}
    assert sorted(found.started) == [execution_name(window(one), 0) for one in sorted(without)]
    for number in range(10):
        record = found.record(number)
        assert record is not None
        missing = len(lost & {2 * number, 2 * number + 1})
        assert record.equation == Equation(confirmed=2 - missing, unaccounted=missing)


def empty_record(of: AuditWindow) -> WindowRecord:
    source = of.source
    return WindowRecord(
        source=source, logGroup=source, start="", end="", auditedAt="", lines=0,
        equation=Equation(),
    )  # fmt: skip


def test_a_source_that_nobody_audited_for_long_is_caught_up_with() -> None:
    """As far back as Aforo remembers keys, less an hour."""
    found = audits()
    found.store.keep(window(0), empty_record(window(0)))
    done = found.run(later_ms=3 * DAY_MS)
    assert done["windows"] == 23 * 12 - 2
    first = next(iter(found.store.states("shop", START_MS + 1, found.now_ms)))
    assert first.from_ms >= found.now_ms - 23 * 3_600_000


def test_figures_are_the_sum_of_windows() -> None:
    """Of all open ones in the end, of all that were looked at."""
    figures = AuditFigures()
    records = [
        empty_record(one).model_copy(update={"equation": Equation(unaccounted=2, held=1)})
        for one in windows_between("shop", START_MS, START_MS + 3 * WINDOW_MS, seconds=300)
    ]
    figures.open_now(records)
    assert figures.unaccounted == 6
