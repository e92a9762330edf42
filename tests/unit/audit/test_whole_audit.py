"""Whole audits in memory, killed wherever they may be."""

import json
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.equation import Equation, WindowRecord
from functions.audit.repair.audit_order import AuditOrder
from functions.audit.repair.repair_limits import RepairFate
from functions.audit.window import AuditWindow
from functions.usage.moment import HOUR_MS
from tests.unit.audit.audit_world import WINDOW_SECONDS, AuditWorld, Fate, PlayedAudit

WORLDS = st.lists(st.lists(st.sampled_from(Fate), max_size=4), min_size=1, max_size=5)
DOWN = st.sampled_from([0, 0, 90, 3_600])
DEATHS = st.lists(st.integers(0, 30), max_size=3)
SENT_BY_AN_AUDIT = (Fate.LOST, Fate.UNKEPT)
STAY_MISSING = (Fate.OLD, Fate.BEYOND)


def total(audit: PlayedAudit, *, after: bool) -> Equation:
    sums = audit.progress.after if after else audit.progress.before
    return Equation.sum_of(sums.values())


def missing(equation: Equation) -> int:
    return equation.held + equation.unaccounted


@settings(deadline=None, max_examples=150)
@given(WORLDS, DOWN, DEATHS, st.integers(1, 3))
def test_what_is_missing_is_metered_again_once_by_an_audit_and_by_the_next_at_last(
    windows: list[list[Fate]], down: int, deaths: list[int], pace: int
) -> None:
    """Wherever a round is killed: nothing is sent twice by one audit, nothing that is under way or
    too old ever, and after the second audit with the same input the equation closes; the third
    changes nothing.
    """
    world = AuditWorld(windows, down)
    first = PlayedAudit(world, "first", world.order(), deaths, windows_a_round=pace)
    first.run()
    second = PlayedAudit(world, "second", world.order())
    second.run()
    assert (first.trouble, second.trouble) == ("", "")
    wanted = world.keys(*SENT_BY_AN_AUDIT)
    for book in world.sent.values():
        assert max(book.values(), default=1) == 1
        assert set(book) <= wanted
    assert set().union(*world.sent.values()) == wanted
    if not deaths:
        assert set(world.sent.get("first", ())) == wanted
    everything = sum(map(len, windows))
    for audit in (first, second):
        assert total(audit, after=False).served == total(audit, after=True).served == everything
    stay = sum(window.count(fate) for window in windows for fate in STAY_MISSING)
    assert missing(total(second, after=True)) == stay
    before_third = {window: record.equation for window, record in world.kept.items()}
    third = PlayedAudit(world, "third", world.order())
    third.run()
    assert "third" not in world.sent
    assert {window: record.equation for window, record in world.kept.items()} == before_third


@settings(deadline=None, max_examples=60)
@given(WORLDS, DEATHS)
def test_the_counts_are_those_of_what_was_sent_however_it_is_killed(
    windows: list[list[Fate]], deaths: list[int]
) -> None:
    """A round whose answer was lost is counted once; so is what a killed one had on record."""
    world = AuditWorld(windows)
    audit = PlayedAudit(world, "run", world.order(), deaths)
    progress = audit.run()
    lost = sum(window.count(Fate.LOST) for window in windows)
    assert progress.requests.get(RepairFate.METERED_AGAIN, 0) == lost
    assert progress.events == 2 * lost
    assert progress.requests.get(RepairFate.QUARANTINED, 0) == sum(
        window.count(Fate.UNKEPT) for window in windows
    )
    assert progress.requests.get(RepairFate.TOO_OLD, 0) == sum(
        window.count(Fate.OLD) for window in windows
    )
    report = audit.report()["report"]
    billed = sum(line["events"] for line in report["bill"].get("meteredAgain", []))
    assert billed == progress.events
    beyond = sum(line["events"] for line in report["bill"].get("olderThanAforoTakes", []))
    assert beyond == 2 * sum(window.count(Fate.BEYOND) for window in windows)


@settings(deadline=None, max_examples=60)
@given(WORLDS, DOWN, DEATHS)
def test_a_dry_run_changes_nothing_and_says_what_a_run_would_do(
    windows: list[list[Fate]], down: int, deaths: list[int]
) -> None:
    """No record of a window, nothing sent, and the bill of what is missing."""
    world = AuditWorld(windows, down)
    queued = list(world.queue)
    audit = PlayedAudit(world, "dry", world.order(dryRun=True), deaths)
    audit.run()
    assert (world.sent, world.kept, world.quarantine) == ({}, {}, set())
    assert world.queue in (queued, [])
    report = audit.report()["report"]
    under_way = 0 if world.now_ms >= world.up_ms else len(queued)
    told = Counter(report["requests"])
    assert told["wouldBeBilled"] == under_way + sum(window.count(Fate.LOST) for window in windows)
    assert told["wouldBeQuarantined"] == sum(window.count(Fate.UNKEPT) for window in windows)
    assert told["tooOld"] == sum(window.count(Fate.OLD) for window in windows)
    would = ("wouldBeBilled", "wouldBeQuarantined", "tooOld", "olderThanAforoTakes")
    assert told["stillMissing"] == sum(told[one] for one in would)


@settings(deadline=None, max_examples=30)
@given(WORLDS)
def test_what_is_older_than_the_dedup_window_goes_when_a_person_says_so(
    windows: list[list[Fate]],
) -> None:
    """But nothing that Aforo no longer takes."""
    world = AuditWorld(windows)
    audit = PlayedAudit(world, "old", world.order(includeOld=True))
    audit.run()
    assert set(world.sent.get("old", ())) == world.keys(*SENT_BY_AN_AUDIT, Fate.OLD)
    beyond = sum(window.count(Fate.BEYOND) for window in windows)
    assert missing(total(audit, after=True)) == beyond


def test_a_window_waits_while_usage_as_old_is_under_way() -> None:
    """And then goes on; what was under way is not sent."""
    world = AuditWorld([[Fate.UNDER_WAY], [Fate.LOST]], down_seconds=1_800)
    audit = PlayedAudit(world, "run", world.order())
    progress = audit.run()
    assert 1_700 < progress.waited["road"] <= 1_900
    assert world.sent["run"].keys() == world.keys(Fate.LOST)
    assert missing(total(audit, after=False)) == 1
    assert missing(total(audit, after=True)) == 0


def test_a_road_that_is_never_clear_stops_it_and_says_where_to_go_on() -> None:
    """After the hold and an hour; the windows before are done."""
    world = AuditWorld([[Fate.LOST], [Fate.LOST, Fate.UNDER_WAY]], down_seconds=100 * 3_600)
    world.queue = [world.queue[0]._replace(at_ms=world.from_ms + 300_000)]
    audit = PlayedAudit(world, "run", world.order())
    audit.run()
    assert audit.trouble.startswith("for 15 hours usage as old as the window was under way")
    assert audit.trouble.endswith("; the rest begins with from = 2026-11-23T10:55:00.000Z")
    assert world.sent["run"].keys() == {"0-0-calls", "0-0-bytes"}
    # What was sent waited for Aforo as long again, and stays missing.
    assert world.now_ms - world.up_ms < -60 * HOUR_MS
    assert missing(total(audit, after=True)) == 1


def test_metering_that_fails_stops_it_and_what_it_had_is_told() -> None:
    """One call is on record and is not made again by this audit; the next makes it."""
    world = AuditWorld([[Fate.LOST], [Fate.LOST]], metering_is_down=True)
    audit = PlayedAudit(world, "run", world.order())
    progress = audit.run()
    assert audit.trouble == (
        "metering fails: KeyError; see its log; the rest begins with from = "
        "2026-11-23T10:50:00.000Z"
    )
    told = audit.report()
    assert told["isNews"]
    assert told["report"]["requests"]["notTakenByMetering"] == 1
    assert progress.requests[RepairFate.METERED_AGAIN] == 1
    assert total(audit, after=False) == total(audit, after=True)
    world.metering_is_down = False
    again = PlayedAudit(world, "again", world.order())
    again.run()
    assert missing(total(again, after=True)) == 0


def test_nothing_is_sent_while_usage_queue_is_full() -> None:
    """What is fresh must not wait behind what is metered again."""
    world = AuditWorld([[Fate.LOST]], crowd=1_000)
    audit = PlayedAudit(world, "run", world.order())

    def leaves(seconds: int) -> None:
        world.crowd = 999 if seconds >= 90 else world.crowd

    forward = world.forward

    def forward_and_leave() -> None:
        leaves((world.now_ms - 1_795_435_200_000) // 1000)
        forward()

    world.forward = forward_and_leave  # type: ignore[method-assign]
    progress = audit.run()
    assert progress.waited["queue"] == 90
    assert world.sent["run"].keys() == world.keys(Fate.LOST)


def test_a_repair_is_counted_once_and_when_it_is_over() -> None:
    """However often its window is written. Until then the count starts no other for it, and no
    fourth by it.
    """
    world = AuditWorld([[Fate.LOST], [Fate.OLD]])
    written: list[int] = []
    keep = world.keep

    def keep_and_note(window: AuditWindow, record: WindowRecord) -> None:
        keep(window, record)
        written.append(record.repairs)

    world.keep = keep_and_note  # type: ignore[method-assign]
    PlayedAudit(world, "one", world.order(), deaths=[9, 11, 13]).run()
    assert sorted(record.repairs for record in world.kept.values()) == [0, 1]
    assert written[-1] == 1
    assert set(written[:-1]) == {0}
    world.settled.clear()
    PlayedAudit(world, "two", world.order()).run()
    assert sorted(record.repairs for record in world.kept.values()) == [0, 2]


def test_a_run_that_could_send_nothing_was_a_repair_all_the_same() -> None:
    """Its name is used: the count starts the next one by another. A dry run is none."""
    world = AuditWorld([[Fate.LOST]])
    PlayedAudit(world, "before", world.order()).run()
    world.settled.clear()
    for run, order, repairs in (
        ("dry", world.order(dryRun=True), 1),
        ("run", world.order(), 2),
        ("run", world.order(), 2),
    ):
        audit = PlayedAudit(world, run, order, trouble="A round could not be run")
        audit.report()
        assert [record.repairs for record in world.kept.values()] == [repairs]


def test_a_run_that_ends_early_leaves_its_windows_to_the_next_repair() -> None:
    """With its report, which comes after every end; a second one changes nothing."""
    world = AuditWorld([[Fate.LOST], [Fate.LOST]])
    audit = PlayedAudit(world, "run", world.order())
    audit.step()
    assert [record.repairs for record in world.kept.values()] == [0, 0]
    audit.trouble = "A round could not be run"
    for _ in range(2):
        audit.report()
        assert [record.repairs for record in world.kept.values()] == [1, 1]
        assert not any(record.equation.is_closed for record in world.kept.values())


def test_of_a_hundred_sources_that_cannot_be_read_some_are_named_and_the_report_has_all() -> None:
    """A Fail state takes no more than 32,768 characters of a cause."""
    names = [f"source-{number:03}" for number in range(100)]
    sources = [{"name": one, "logGroup": f"/aws/{one}", "kind": "access"} for one in names]
    world = AuditWorld([[Fate.CONFIRMED]])
    world.unreadable = True
    audit = PlayedAudit(world, "run", world.order(sources=sources), windows_a_round=200)
    audit.run()
    assert "source-000 could not be read: UnreadableObject x" in audit.trouble
    assert audit.trouble.endswith("and 95 more sources: unread in the report")
    assert len(audit.trouble) < 32_768 / 10
    told = audit.report()
    assert len(told["report"]["unread"]) == 20
    whole = json.loads(world.bucket.objects["audit-runs/run/report.json"])
    assert list(whole["unread"]) == names


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from([Fate.LOST, Fate.UNKEPT, Fate.CONFIRMED]), max_size=5), DOWN, DEATHS
)
def test_what_two_files_of_an_export_hold_goes_once(
    fates: list[Fate], down: int, deaths: list[int]
) -> None:
    """Two tasks that exported the same hour: the second file's lines are the first one's."""
    world = AuditWorld([fates], down)
    export = {"bucket": "exports", "prefix": "orders"}
    audit = PlayedAudit(world, "run", world.order(export=export, parts=2), deaths)
    progress = audit.run()
    lost = Fate.LOST, Fate.UNKEPT
    sent = world.sent.get("run", Counter())
    assert max(sent.values(), default=0) <= 1
    assert set(sent) <= world.keys(*lost)
    if not deaths:
        assert set(sent) == world.keys(*lost)
        assert missing(total(audit, after=True)) == 0
        assert progress.requests.get(RepairFate.METERED_AGAIN, 0) == fates.count(Fate.LOST)


def forgetful(windows: list[list[Fate]], down_seconds: int) -> tuple[AuditWorld, AuditOrder]:
    """A log that is kept for a day, and windows of 21 hours ago."""
    world = AuditWorld(windows, down_seconds, kept_days=1)
    at_ms = world.from_ms - 20 * HOUR_MS
    world.from_ms = at_ms - at_ms % (WINDOW_SECONDS * 1000)
    return world, world.order(keptDays={"/aws/orders": 1})


def test_a_window_whose_log_expires_before_it_is_read_is_not_one_without_requests() -> None:
    """It has no record, and the audit says which it could not read."""
    world, order = forgetful([[Fate.LOST], [Fate.CONFIRMED]], 0)
    audit = PlayedAudit(world, "run", order)
    world.now_ms += 4 * HOUR_MS
    audit.run()
    assert world.kept == {}
    assert audit.trouble.startswith("orders could not be read: LogExpired orders 2026-11-22T")
    assert total(audit, after=True).served == 0


def test_what_was_sent_is_told_as_it_was_where_its_log_expired_meanwhile() -> None:
    """Aforo was away until nobody could compare it again: it is not said to have had no request."""
    world, order = forgetful([[Fate.LOST, Fate.CONFIRMED]], 3 * 3_600)
    audit = PlayedAudit(world, "run", order)
    audit.run()
    assert world.sent["run"].keys() == world.keys(Fate.LOST)
    assert total(audit, after=True) == total(audit, after=False)
    assert total(audit, after=True).served == 2
    (record,) = world.kept.values()
    assert (record.equation.served, record.repairs) == (2, 1)
    assert audit.report()["report"]["requests"]["stillMissing"] == 1
    assert audit.trouble.startswith("orders was not compared again: LogExpired orders 2026-11-22T")


def test_a_source_that_goes_while_it_is_waited_for_is_told_as_it_was() -> None:
    """Its log is gone, or the ledger has an object that nobody can read: others are compared."""
    world = AuditWorld([[Fate.LOST, Fate.CONFIRMED]], 1_800)
    audit = PlayedAudit(world, "run", world.order())
    while not world.sent:
        audit.step()
    world.unreadable = True
    audit.run()
    assert audit.trouble.startswith("orders was not compared again: UnreadableObject x")
    assert total(audit, after=True) == total(audit, after=False)
    (record,) = world.kept.values()
    assert (record.equation.served, record.repairs) == (2, 1)
