"""Each request of a window is in one term, whatever became of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.comparison import comparing as comparing_module
from functions.audit.comparison.comparing import (
    HELD_BYTES,
    LINE_BYTES,
    Compared,
    Comparing,
    LogGone,
    OutOfTime,
)
from functions.audit.equation import Equation, Term
from functions.audit.log.account import Account
from functions.audit.log.log_chunk import Chunk, LogKind
from functions.audit.log.log_window import MARGIN_MS
from functions.audit.window import AuditWindow
from tests.fakes.audited_log import (
    DEDUP_WINDOW,
    START_MS,
    WINDOW_MS,
    AuditedLogs,
    KeptOfGroup,
    LoggedRequest,
    audited_source,
    first_window,
)

SHOP, WINDOW = audited_source(), first_window()
WINDOW_END = datetime.fromtimestamp(WINDOW.to_ms / 1000, UTC)
NOT_CLEAR = WINDOW_END - timedelta(milliseconds=1)
LONG_AGO = "2026-10-01T08:00:00.000Z"
SET_ASIDE = {"outcome": "set_aside", "verified": False, "setAsideClass": "exhausted"}
AMBIGUOUS = SET_ASIDE | {"setAsideClass": "ambiguous"}
DOUBT_IS_OLD = SET_ASIDE | {"maybeBilledSince": LONG_AGO}
ROWS: dict[str, tuple[list[dict[str, Any]], Term | None]] = {
    "none": ([], None),
    "confirmed": ([{}], Term.CONFIRMED),
    "twice": ([{}, {}], Term.CONFIRMED),
    "set aside": ([SET_ASIDE], Term.SET_ASIDE),
    "set aside, then confirmed": ([SET_ASIDE, {}], Term.CONFIRMED),
    "confirmed, then set aside": ([{}, SET_ASIDE], Term.CONFIRMED),
    "ambiguous": ([AMBIGUOUS], Term.NEEDS_DECISION),
    "in doubt for long": ([DOUBT_IS_OLD], Term.NEEDS_DECISION),
    "in doubt, then refused": ([DOUBT_IS_OLD, SET_ASIDE], Term.NEEDS_DECISION),
}
WORST_FIRST = [None, Term.NEEDS_DECISION, Term.SET_ASIDE, Term.CONFIRMED]


class Fate(NamedTuple):
    """A request, and what the ledger has of each of its events."""

    request: LoggedRequest
    rows: tuple[str, ...]


@st.composite
def fates(draw: st.DrawFn) -> list[Fate]:
    """A window's requests, of which some are there twice."""
    made = []
    for number in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["billed", "billed", "billed", "excluded", "quarantined"]))
        request = LoggedRequest(
            number,
            at_ms=START_MS + draw(st.integers(0, WINDOW_MS - 1)),
            customer=draw(st.sampled_from(["", "cus_a", "cus_b"])),
            events=draw(st.integers(1, 3)),
            excluded=draw(st.sampled_from(["status", "path"])) if kind == "excluded" else "",
            quarantined="tamper" if kind == "quarantined" else "",
            kept=draw(st.sampled_from(["", "", "no_customer"])),
            copies=draw(st.sampled_from([1, 1, 2])) if kind == "billed" else 1,
        )
        of_event = st.sampled_from(sorted(ROWS))
        events = request.events if kind == "billed" else 0
        made.append(Fate(request, tuple(draw(of_event) for _ in range(events))))
    return made


def world(made: Sequence[Fate]) -> AuditedLogs:
    """Each event's rows come in turn, ten minutes apart."""
    logs = AuditedLogs({"shop": [fate.request for fate in made]})
    for request, events in made:
        for row, said in zip(request.rows(), events, strict=False):
            for turn, fields in enumerate(ROWS[said][0]):
                logs.settle([row | fields], minutes=1 + 10 * turn)  # type: ignore[list-item]
    return logs


def modelled(made: Sequence[Fate], absent: Term) -> Counter[tuple[str, Term, str]]:
    """Customer, term and reason of each request, told one by one."""
    found: Counter[tuple[str, Term, str]] = Counter()
    for request, events in made:
        if request.excluded:
            found[request.customer, Term.EXCLUDED, request.excluded] += 1
        elif request.quarantined:
            term = Term.QUARANTINED if request.kept else absent
            found["", term, request.quarantined if request.kept else ""] += 1
        else:
            least = min((ROWS[said][1] for said in events), key=WORST_FIRST.index)
            if least is not None:
                found[request.customer, least, ""] += 1
            elif request.kept and absent == Term.UNACCOUNTED:
                found[request.customer, Term.QUARANTINED, request.kept] += 1
            else:
                found[request.customer, absent, ""] += 1
    return found


def told(customers: dict[str, Equation]) -> Counter[tuple[str, Term, str]]:
    """The same, of a record."""
    found: Counter[tuple[str, Term, str]] = Counter()
    for customer, terms in customers.items():
        for term, times in terms.totals().items():
            if term == Term.EXCLUDED:
                found.update({(customer, term, why): n for why, n in terms.excluded.items()})
            elif term == Term.QUARANTINED:
                found.update({(customer, term, why): n for why, n in terms.quarantined.items()})
            else:
                found[customer, term, ""] += times
    return +found


def compared(logs: AuditedLogs, *, with_lines: bool = False) -> Compared:
    return logs.comparing().compare(SHOP, WINDOW, with_lines=with_lines)


@given(fates(), st.booleans())
def test_the_equation_is_exact(made: list[Fate], is_clear: bool) -> None:  # noqa: FBT001
    """Of each customer and of all, whether the road is clear or not."""
    logs = world(made)
    if not is_clear:
        logs.clear_until = NOT_CLEAR
    record = compared(logs).record
    assert told(dict(record.customers)) == modelled(
        made, Term.UNACCOUNTED if is_clear else Term.HELD
    )
    assert record.equation == Equation.sum_of(record.customers.values())
    assert record.equation.served == len(made)
    assert record.lines == sum(request.copies for request, _ in made)


def test_a_line_that_comes_between_the_two_readings_keeps_the_window_open() -> None:
    """Nobody has looked for it in the ledger: closed, it would be in no window at all."""
    kept, late = (LoggedRequest(number, START_MS, kept="tamper") for number in range(2))
    logs = LateLogs({"shop": [kept]}, late=[late])
    equation = compared(logs).record.equation
    assert equation == Equation(quarantined={"tamper": 1}, held=1)
    assert compared(logs).record.equation == Equation(quarantined={"tamper": 2})


@dataclass
class LateLogs(AuditedLogs):
    """Lines that CloudWatch takes in while the log is read."""

    late: list[LoggedRequest] = field(default_factory=list)

    def road(self) -> datetime:
        self.groups["shop"] += self.late
        self.late = []
        return super().road()


def test_more_than_memory_holds_is_left_for_the_next_repair(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A lost filter of a busy stage: all of the window is missing. The record says all of it."""
    logs = AuditedLogs({"shop": [LoggedRequest(number, START_MS) for number in range(10)]})
    monkeypatch.setattr(comparing_module, "HELD_BYTES", 4 * (LINE_BYTES + 20))
    found = compared(logs, with_lines=True)
    assert [one.customer for one in found.missing] == ["cus_a"] * 4
    assert found.record.equation == Equation(unaccounted=10)


@given(fates())
def test_another_audit_finds_the_same(made: list[Fate]) -> None:
    """It changes nothing that it looks at."""
    logs = world(made)
    before = dict(logs.bucket.objects)
    records = [compared(logs).record for _ in range(3)]
    assert records[0] == records[1] == records[2]
    assert logs.bucket.objects == before


@given(fates())
def test_the_lines_are_those_of_what_is_missing(made: list[Fate]) -> None:
    """Each request's once, with those of its events that the ledger has not: what the report calls
    a difference of the bill is none of what was billed. Of no other request any.
    """
    logs = world(made)
    found = compared(logs, with_lines=True)
    missing = {one.lines[0]["id"]: one for one in found.missing}
    assert len(missing) == len(found.missing) == found.record.equation.unaccounted
    assert compared(logs).missing == []
    for request, events in made:
        lacks = None in {ROWS[said][1] for said in events} or bool(request.quarantined)
        assert (f"{request.number}" in missing) is (lacks and not request.kept)
        if one := missing.get(f"{request.number}"):
            assert one.log_stream == "stream"
            assert list(one.lines) == request.lines[:1]
            assert one.reason == request.quarantined
            keys = [] if request.quarantined else request.keys
            absent = [key for key, said in zip(keys, events, strict=False) if said == "none"]
            assert [event.key for event in one.events] == absent


def test_a_window_without_a_gap_asks_log_and_ledger_alone() -> None:
    """Metrics and the quarantine cost money, a second reading costs time."""
    logs = AuditedLogs({"shop": [LoggedRequest(1, START_MS)]})
    logs.settle(logs.groups["shop"][0].rows())
    assert compared(logs).record.equation == Equation(confirmed=1)
    assert logs.asked == ["log shop access"]


def test_what_arrives_while_it_is_compared_is_seen() -> None:
    """The ledger is read again after the road says that all has come to its end."""
    logs = AuditedLogs({"shop": [LoggedRequest(1, START_MS)]})

    class Late(AuditedLogs):
        def road(self) -> datetime:
            logs.settle(logs.groups["shop"][0].rows(), minutes=15)
            return self.clear_until

    late = Late(logs.groups, bucket=logs.bucket)
    assert compared(late).record.equation == Equation(confirmed=1)


def test_an_incomplete_request_needs_no_copy() -> None:
    """The replay reads it from the log again."""
    logs = AuditedLogs({"shop": [LoggedRequest(1, START_MS, quarantined="incomplete")]})
    assert compared(logs).record.equation == Equation.model_validate(
        {"quarantined": {"incomplete": 1}}
    )


def test_a_log_that_is_gone_is_no_empty_log() -> None:
    """Nothing that was served would be a wrong statement."""
    logs = AuditedLogs({"shop": []}, absent={"shop"})
    with pytest.raises(LogGone, match="shop"):
        compared(logs)
    logs.absent.clear()
    assert compared(logs).record.equation == Equation()


def test_doubt_needs_a_decision_only_past_the_dedup_window() -> None:
    """Until then Aforo itself tells a duplicate."""
    logs = AuditedLogs({"shop": [LoggedRequest(1, START_MS)]})
    logs.settle(
        logs.groups["shop"][0].rows(**SET_ASIDE, maybeBilledSince="2026-10-03T08:01:00.000Z")
    )
    assert compared(logs).record.equation == Equation.model_validate({"setAside": 1})
    logs.now += DEDUP_WINDOW
    assert compared(logs).record.equation == Equation.model_validate({"needsDecision": 1})


def test_a_record_says_what_was_audited_and_when() -> None:
    """The source and the window by their names, the moment by the audit's clock."""
    logs = AuditedLogs({"/aws/shop": [LoggedRequest(1, START_MS, copies=2)]})
    source = SHOP.model_copy(update={"log_group": "/aws/shop"})
    record = logs.comparing().compare(source, WINDOW).record
    assert logs.comparing().compare(source, WINDOW).missing == []  # nobody asked for lines
    assert record.as_json() == {
        "version": 1,
        "source": "shop",
        "logGroup": "/aws/shop",
        "start": "2026-10-03T08:00:00.000Z",
        "end": "2026-10-03T08:05:00.000Z",
        "auditedAt": "2026-10-03T08:20:00.000Z",
        "lines": 2,
        "equation": {"unaccounted": 1},
        "customers": {"cus_a": {"unaccounted": 1}},
        "repairs": 0,
    }


@pytest.mark.parametrize("after_ms", [-1, 0, 1])
@pytest.mark.parametrize("with_lines", [True, False])
def test_a_window_is_clear_from_its_end_on(after_ms: int, *, with_lines: bool) -> None:
    """Before that what is missing may still come: a repair is given it all the same."""
    logs = AuditedLogs({"shop": [LoggedRequest(1, START_MS)]})
    logs.clear_until = WINDOW_END + timedelta(milliseconds=after_ms)
    assert logs.comparing().is_clear(WINDOW) is (after_ms >= 0)
    found = compared(logs, with_lines=with_lines)
    is_clear = after_ms >= 0
    assert found.record.equation == Equation(held=not is_clear, unaccounted=is_clear)
    assert [one.customer for one in found.missing] == ["cus_a"] * with_lines


def test_a_window_that_is_not_clear_is_read_once_unless_its_lines_are_asked_for() -> None:
    """Another reading could say nothing new of it, and costs as much again."""
    for with_lines, readings in ((False, 1), (True, 2)):
        logs = AuditedLogs({"shop": [LoggedRequest(1, START_MS)]}, clear_until=NOT_CLEAR)
        compared(logs, with_lines=with_lines)
        assert logs.asked.count("log shop access") == readings


def cut_after(logs: AuditedLogs, chunks: int) -> Comparing:
    """There is time for so many."""
    looks = iter([True] * chunks + [False])
    return logs.comparing()._replace(is_time_left=lambda: next(looks))


@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_a_reading_that_the_invocation_cuts_says_so(chunks: int) -> None:
    """Of a window that is half read nothing is known: not that all is well, nor what is missing."""
    logs = AuditedLogs({"shop": [LoggedRequest(number, START_MS) for number in range(9)]})
    logs.chunk_lines = 3
    with pytest.raises(OutOfTime, match=r"^shop 2026-10-03T08:00:00\.000Z 300 s$"):
        cut_after(logs, chunks).compare(SHOP, WINDOW)


def test_a_second_reading_may_be_cut_too() -> None:
    """As long as there is time for each of its chunks the window is told."""
    logs = AuditedLogs({"shop": [LoggedRequest(number, START_MS) for number in range(6)]})
    for chunks in range(4):
        with pytest.raises(OutOfTime):
            cut_after(logs, chunks).compare(SHOP, WINDOW)
    assert cut_after(logs, 4).compare(SHOP, WINDOW).record.equation == Equation(unaccounted=6)


@dataclass
class AskedQuarantine(AuditedLogs):
    """Remembers for which minutes it was asked."""

    of_minutes: list[tuple[str, int, int]] = field(default_factory=list)

    def of(self, log_group: str, from_ms: int, to_ms: int) -> KeptOfGroup:
        self.of_minutes.append((log_group, from_ms, to_ms))
        return super().of(log_group, from_ms, to_ms)


@pytest.mark.parametrize(("kind", "margin_ms"), [("access", 0), ("execution", MARGIN_MS)])
def test_the_quarantine_is_asked_for_the_minutes_that_were_read(
    kind: LogKind, margin_ms: int
) -> None:
    """Of an execution log those around the window, too: a request's lines take minutes. Each
    reading asks once.
    """
    refused = [LoggedRequest(n, START_MS, quarantined="tamper", kept="tamper") for n in range(5)]
    logs = AskedQuarantine({"shop": [*refused, LoggedRequest(9, START_MS)]})
    logs.comparing().compare(audited_source(kind=kind), WINDOW)
    minutes = ("shop", WINDOW.from_ms - margin_ms, WINDOW.to_ms + margin_ms)
    assert logs.of_minutes == [minutes] * 2


@pytest.mark.parametrize(("bytes_less", "held"), [(0, 4), (1, 3)])
def test_what_is_held_is_counted_by_its_lines(
    monkeypatch: pytest.MonkeyPatch, bytes_less: int, held: int
) -> None:
    """Each by its text and by what Python needs beside it; what fits to the byte is held."""
    requests = [LoggedRequest(number, START_MS) for number in range(9)]
    text = len(requests[0].lines[0]["message"])
    monkeypatch.setattr(comparing_module, "HELD_BYTES", 4 * (900 + text) - bytes_less)
    found = compared(AuditedLogs({"shop": requests}), with_lines=True)
    assert [int(one.lines[0]["id"]) for one in found.missing] == list(range(held))


def test_what_is_held_leaves_room_for_the_rest_of_the_function() -> None:
    """Of its 1,024 MB two fifths; the repair holds the lines once more."""
    assert (HELD_BYTES, LINE_BYTES) == (400_000_000, 900)


def test_a_customers_line_that_comes_late_is_held_as_theirs() -> None:
    """And one that metering refuses as nobody's."""
    first = LoggedRequest(0, START_MS)
    late = [LoggedRequest(1, START_MS, "cus_b"), LoggedRequest(2, START_MS, quarantined="tamper")]
    record = compared(LateLogs({"shop": [first]}, late=late)).record
    assert dict(record.customers) == {
        "": Equation(unaccounted=1),
        "cus_a": Equation(unaccounted=1),
        "cus_b": Equation(held=1),
    }


def test_what_stands_behind_a_late_line_is_looked_at_like_all() -> None:
    """In the same chunk: the quarantine is asked for it, or its lines are given."""

    class LateFirst(LateLogs):
        def road(self) -> datetime:
            self.groups["shop"], self.late = [*self.late, *self.groups["shop"]], []
            return self.clear_until

    known = [LoggedRequest(0, START_MS, kept="tamper"), LoggedRequest(1, START_MS)]
    logs = LateFirst({"shop": known}, late=[LoggedRequest(2, START_MS)])
    found = compared(logs, with_lines=True)
    assert found.record.equation == Equation(quarantined={"tamper": 1}, held=1, unaccounted=1)
    assert [one.lines[0]["id"] for one in found.missing] == ["1"]


@dataclass
class UnreadLogs(AuditedLogs):
    """Metering can make nothing of any of it; remembers for which window it was asked."""

    of_windows: list[AuditWindow] = field(default_factory=list)

    def account(self, log_group: str, chunk: Chunk, window: AuditWindow) -> Account:
        assert log_group == "shop"
        self.of_windows.append(window)
        return Account(chunk, quarantined_whole="delivery")


@pytest.mark.parametrize("kept", ["", "delivery"])
def test_each_line_of_what_metering_cannot_read_counts_as_a_request(kept: str) -> None:
    """Nobody can tell which belong together. Each reading asks metering about the window."""
    logs = UnreadLogs({"shop": [LoggedRequest(n, START_MS + n, kept=kept) for n in range(4)]})
    found = compared(logs, with_lines=True)
    if kept:
        assert found.record.equation == Equation(quarantined={"delivery": 4})
        assert logs.of_windows == [WINDOW] * 2
    else:
        assert found.record.equation == Equation(unaccounted=4)
        assert [one.lines[0]["id"] for one in found.missing] == ["0", "1", "2", "3"]
        assert logs.of_windows == [WINDOW] * 4


def test_a_request_that_nobody_kept_is_given_with_its_reason() -> None:
    """Metering is asked to keep it, in nobody's name."""
    logs = AuditedLogs({"shop": [LoggedRequest(1, START_MS, quarantined="tamper")]})
    (one,) = compared(logs, with_lines=True).missing
    assert (one.customer, one.reason, one.events) == ("", "tamper", ())
    assert [line["id"] for line in one.lines] == ["1"]
