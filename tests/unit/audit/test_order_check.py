"""What a person may ask of an audit, and what is said of everything else."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.counting.repair_start import RepairStart
from functions.audit.repair.audit_input import read_input
from functions.audit.repair.audit_order import AuditOrder
from functions.audit.repair.order_check import PROBLEM_CHARACTERS, StackFacts, order_of
from functions.audit.watched_source import WatchedSource
from functions.audit.window import AuditWindow
from functions.usage.moment import DAY_MS, epoch_ms_from_iso, iso_from_epoch_ms

NOW = "2026-11-29T15:07:30.000Z"
DUE = "2026-11-29T14:55:00.000Z"  # the last window of 5 minutes that ended 10 minutes ago
EXPORT = {"bucket": "exports", "prefix": "orders"}


def source(name: str) -> WatchedSource:
    return WatchedSource(name=name, logGroup=f"/aws/{name}", kind="access")


def facts(parts: int = 3, *names: str) -> StackFacts:
    sources = [source(name) for name in names or ("orders", "billing")]
    kept = {"/aws/billing": 30}
    return StackFacts(sources, kept, epoch_ms_from_iso(NOW), 300, 600, 2, parts)


def settled(given: object, known: StackFacts | None = None) -> AuditOrder | str:
    return order_of(*read_input(given), known or facts())


def accepted(given: object, known: StackFacts | None = None) -> AuditOrder:
    order = settled(given, known)
    assert isinstance(order, AuditOrder), order
    return order


def test_without_a_word_it_is_the_last_window_that_is_due_of_every_source() -> None:
    """Also with the console's sample input."""
    for given_input in ({}, {"Comment": "by hand"}):
        order = accepted(given_input)
        assert [one.name for one in order.sources] == ["orders", "billing"]
        assert iso_from_epoch_ms(order.to_ms) == DUE
        assert order.windows == 2 * 2  # two sources, two shards each
        assert not order.dry_run
        assert order.notes == ()


def test_a_range_is_of_whole_windows_and_ends_where_they_are_due() -> None:
    """What is later is said to be for later."""
    order = accepted({"from": "2026-11-29T14:02:00Z", "to": "2026-11-29T16:00:00+00:00"})
    assert iso_from_epoch_ms(order.from_ms) == "2026-11-29T14:00:00.000Z"
    assert iso_from_epoch_ms(order.to_ms) == DUE
    (note,) = order.notes
    assert note.startswith(f"Looked at up to {DUE}: ")
    order = accepted(
        {"from": "2026-11-29T14:00:00Z", "to": "2026-11-29T14:01:00Z", "shard": 1, "shards": 2}
    )
    assert order.windows == 2
    assert {order.at(place).window.shard for place in range(2)} == {1}


def test_windows_come_oldest_first_each_once() -> None:
    """Of all sources and shards of a time before the next one."""
    order = accepted({"from": "2026-11-29T14:00:00Z", "to": "2026-11-29T14:15:00Z"})
    windows = [order.at(place).window for place in range(order.windows)]
    assert len(set(windows)) == len(windows) == 3 * 2 * 2
    assert [one.from_ms for one in windows] == sorted(one.from_ms for one in windows)


def test_what_aforo_no_longer_takes_is_said_and_not_refused() -> None:
    """A dry run of a past shows what is lost."""
    order = accepted(
        {"source": "orders", "from": "2026-06-01T00:00:00Z", "to": "2026-06-02T00:00:00Z"}
    )
    (note,) = order.notes
    assert note.startswith("Aforo takes nothing from before 2026-08-31T15:07:30.000Z")


def test_who_includes_what_is_old_is_told_what_a_torn_ledger_makes_of_it() -> None:
    """In the report of a dry run, before anything is billed."""
    asked = {"from": "2026-11-29T14:00:00Z", "dryRun": True}
    assert accepted(asked).notes == ()
    (note,) = accepted({**asked, "includeOld": True}).notes
    assert "a second time" in note


def test_an_export_is_audited_file_by_file_whatever_the_log_still_holds() -> None:
    """One window for all of them: the range, or all there is."""
    order = accepted({"source": "billing", "export": EXPORT, "from": "2026-09-20T00:00:00Z"})
    assert order.windows == 3
    assert [order.at(place).is_part for place in range(3)] == [True] * 3
    order = accepted({"source": "billing", "export": EXPORT})
    assert (order.from_ms, iso_from_epoch_ms(order.to_ms)) == (0, DUE)


@pytest.mark.parametrize(
    ("given_input", "said"),
    [
        ([], ["input: must be an object"]),
        ("now", ["input: must be an object"]),
        ({"sources": "x"}, ["sources: is not a field of an audit (source, from, to, shard"]),
        ({"source": "order"}, ["source: there is no 'order'; there are billing, orders"]),
        ({"source": None}, ["source: null is no value"]),
        ({"source": 3}, ["source: must be text, in quotes"]),
        ({"dryRun": "true"}, ["dryRun: must be true or false, without quotes"]),
        (
            {"from": "yesterday"},
            ['from: give a time with its offset, as in "2026-10-02T08:00:00Z"'],
        ),
        ({"from": 1_700_000_000}, ["from: give a time with its offset"]),
        ({"from": "2026-11-29T14:00:00"}, ["from: give a time with its offset"]),
        ({"to": "2026-11-29T14:00:00Z"}, ["from: is missing; give it beside to"]),
        (
            {"from": "2026-11-29T14:00:00Z", "to": "2026-11-29T14:00:00Z"},
            ["to: give a time after from"],
        ),
        (
            {"from": "2026-11-29T15:02:00Z"},
            ["from: is not due; it can be audited from 2026-11-29T15:15:00.000Z on"],
        ),
        (
            {"from": "2026-09-20T00:00:00Z"},
            ["from: the log of billing is kept 30 days: give at least 2026-10-30T15:12:30.000Z"],
        ),
        ({"shard": 1}, ["shards: is missing; say how many there are beside shard"]),
        ({"shard": 2, "shards": 2}, ["shard: give one from 0 to 1"]),
        ({"shards": 0}, ["shards: must be at least 1 (not 0)"]),
        ({"export": EXPORT}, ["source: say of which one the export is (billing, orders)"]),
        ({"export": {"buckt": "x"}}, ["export.bucket: is needed", "export.buckt: is not a field"]),
        (
            {"source": "orders", "export": EXPORT, "shards": 2},
            ["shards: an export has its files for parts"],
        ),
        (
            {"source": "x", "from": "now", "shard": 5, "dryRun": 1, "quiet": None, "too": 1},
            [
                "quiet: null is no value",
                "from: give a time",
                "dryRun: must be true or false",
                "too: is not a field",
                "source: there is no 'x'",
                "shards: is missing",
            ],
        ),
    ],
    ids=lambda one: json.dumps(one)[:60] if not isinstance(one, list) else "",
)
def test_every_wrong_field_is_named_with_its_fix(given_input: object, said: list[str]) -> None:
    """All of them at once: one look is enough to put an input right."""
    problem = settled(given_input)
    assert isinstance(problem, str)
    assert [one for one in said if one not in problem] == []


def test_an_export_without_a_file_and_a_stack_without_a_source_are_said() -> None:
    """Both would be audits of nothing."""
    empty = settled({"source": "orders", "export": EXPORT}, facts(0))
    assert empty == "export: there is no file of one under s3://exports/orders"
    none = StackFacts([], {}, epoch_ms_from_iso(NOW), 300, 600, 1)
    assert str(settled({}, none)).startswith("source: metering has none; declare one")


def test_an_export_of_an_execution_log_is_refused() -> None:
    """Its records have no order, and a request is many of them."""
    pets = WatchedSource(name="pets", logGroup="/aws/pets", kind="execution")
    known = StackFacts([pets], {}, epoch_ms_from_iso(NOW), 300, 600, 1, 3)
    assert str(settled({"export": EXPORT}, known)).startswith("export: of an execution log")


@pytest.mark.parametrize("shards", [1, 2, 4])
def test_what_the_count_starts_it_with_is_the_window_that_it_found(shards: int) -> None:
    """And no other: also a shard of it alone."""
    begin = epoch_ms_from_iso("2026-11-29T14:00:00.000Z")
    window = AuditWindow("orders", begin, begin + 300_000, shards - 1, shards)
    started: list[dict[str, str]] = []
    client = SimpleNamespace(start_execution=lambda **asked: started.append(asked))
    RepairStart(cast("Any", client), "arn").start(window, 0)
    known = StackFacts([source("orders")], {}, epoch_ms_from_iso(NOW), 300, 600, shards)
    order = accepted(json.loads(started[0]["input"]), known)
    assert [order.at(place).window for place in range(order.windows)] == [window]


@given(
    st.sampled_from([60, 180, 300, 900]),
    st.integers(0, 59),
    st.integers(1, 3).flatmap(
        lambda shards: st.tuples(st.integers(0, shards - 1), st.just(shards))
    ),
    st.sampled_from([60, 300, 3_600]),
)
def test_it_is_that_window_also_after_the_stack_has_other_ones(
    seconds: int, minute: int, share: tuple[int, int], of_stack: int
) -> None:
    """Else the record that rings would stay as it is, whatever the audit put right."""
    begin = epoch_ms_from_iso("2026-11-29T12:00:00.000Z") + minute * 60_000
    window = AuditWindow("orders", begin, begin + seconds * 1000, *share)
    started: list[dict[str, str]] = []
    client = SimpleNamespace(start_execution=lambda **asked: started.append(asked))
    RepairStart(cast("Any", client), "arn").start(window, 0)
    known = StackFacts([source("orders")], {}, epoch_ms_from_iso(NOW), of_stack, 600, 2)
    order = accepted(json.loads(started[0]["input"]), known)
    assert [order.at(place).window for place in range(order.windows)] == [window]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["source", "from", "to", "shard", "shards", "windowSeconds", "export", "x"]
                )
                | st.text(),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    )
)
def test_whatever_is_typed_gives_an_order_or_words(given_input: object) -> None:
    """Never an error: the start of the machine would try it seven times."""
    answer = settled(given_input)
    assert isinstance(answer, AuditOrder) or 0 < len(answer) <= PROBLEM_CHARACTERS


@pytest.mark.parametrize("name", ["from", "to"])
@given(moment=st.datetimes(timezones=st.timezones(no_cache=True) | st.just(UTC)))
def test_whatever_time_there_is_gives_an_order_or_words(name: str, moment: datetime) -> None:
    """The year 1 and the year 9999 are times, too, and no log is of them."""
    given_input = {"source": "orders", "from": "2026-11-29T14:00:00Z", name: moment.isoformat()}
    answer = settled(given_input)
    assert isinstance(answer, AuditOrder) or f"{name}: " in answer
    export = settled({"source": "orders", "export": EXPORT, name: moment.isoformat()})
    assert isinstance(export, AuditOrder) or f"{name}: " in export


@given(
    st.integers(0, 100 * DAY_MS),
    st.integers(1, 40 * DAY_MS),
    st.sampled_from(["orders", "billing"]),
)
def test_an_order_has_only_windows_that_are_due_and_still_logged(
    ago_ms: int, long_ms: int, name: str
) -> None:
    """Whatever the range is."""
    now_ms = epoch_ms_from_iso(NOW)
    begin = iso_from_epoch_ms(now_ms - ago_ms)
    end = iso_from_epoch_ms(now_ms - ago_ms + long_ms)
    order = settled({"source": name, "from": begin, "to": end})
    if isinstance(order, str):
        return
    assert order.windows > 0
    assert order.from_ms % 300_000 == order.to_ms % 300_000 == 0
    assert order.to_ms <= epoch_ms_from_iso(DUE)
    assert name == "orders" or order.from_ms > now_ms - 30 * DAY_MS
