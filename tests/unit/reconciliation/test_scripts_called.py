"""What the counters' scripts are told, and what is made of their answers, without a server."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from functions.reconciliation.counters.closed_hours import Closed, ClosedHours, Closing
from functions.reconciliation.counters.redis_scripts import Script, digest
from functions.reconciliation.counters.usage_counters import (
    HOURS_KEPT,
    Counted,
    CounterBatch,
    Counters,
    meter_arguments,
)
from functions.usage.errors import Retryable
from functions.usage.mark import CELLS_PER_HOUR
from functions.usage.moment import DAY_MS, HOUR_MS
from functions.usage.period import Period, Recurrence

if TYPE_CHECKING:
    from redis import Redis

HOUR = 494_400
NOW_MS = HOUR * HOUR_MS + 5_000
CELL = HOUR * CELLS_PER_HOUR
MARKS_MS = 36 * DAY_MS  # the horizon, and a day
NOT_TOLD = [""] * 6
ROLLED_OVER = [-1, "day", "1"]
DAY_START = NOW_MS - NOW_MS % DAY_MS
TOLD = ["day", 1, *(DAY_START + day * DAY_MS for day in (0, 1, 1, 2))]


@dataclass(slots=True)
class Scripted:
    """As much of a client as scripts need: it keeps what was called, and answers as it is told."""

    rounds: list[list[Any]]
    calls: list[list[tuple[Any, ...]]] = field(default_factory=list)

    def pipeline(self, *, transaction: bool) -> "Scripted":
        assert not transaction
        self.calls.append([])
        return self

    def evalsha(self, sha: str, number: int, *words: str | float) -> None:
        self.calls[-1].append((sha, words[:number], list(words[number:])))

    def execute(self, *, raise_on_error: bool) -> list[Any]:
        assert not raise_on_error
        return self.rounds[len(self.calls) - 1]


def settle(
    *batches: CounterBatch, rounds: list[list[Any]]
) -> tuple[list[Counted | Retryable], Scripted]:
    client = Scripted(rounds)
    counters = Counters(cast("Redis", client), "t", timedelta(days=35), lambda: NOW_MS)
    return counters.settle(batches), client


def batch(quantities: Sequence[int], cells: Sequence[int], meter: str = "m") -> CounterBatch:
    marks = [100 + place for place in range(len(cells))]
    return CounterBatch("c", meter, cells, marks, quantities)


def common(meter: str = "m", windows: Sequence[object] = NOT_TOLD) -> list[object]:
    hours = 70 * 24
    return [meter, NOW_MS, HOUR - hours, hours, hours * 3600, 512, *windows]


def test_a_script_is_told_which_hours_are_kept_and_no_window() -> None:
    """70 days of hours before now: what is older goes with its first settlement."""
    assert HOURS_KEPT == 70 * 24
    assert meter_arguments("m", None, NOW_MS) == common()


@pytest.mark.parametrize(
    ("period", "windows"),
    [
        (Period.DAY, TOLD),
        (Period.HOUR, ["hour", 1, *((HOUR + hour) * HOUR_MS for hour in (0, 1, 1, 2))]),
    ],
)
def test_a_script_that_opens_a_period_is_told_it_and_the_next(
    period: Period, windows: list[object]
) -> None:
    """Both by their ends, so that the authorizer finds the next one without a writer."""
    assert meter_arguments("m", Recurrence(period, 1), NOW_MS) == common(windows=windows)


def test_a_settlement_tells_each_hour_with_its_cells_marks_and_quantities() -> None:
    """Equal quantities are said once; marks live for the horizon and a day after their hour."""
    cells = [CELL - 1, CELL, CELL, CELL + 7]
    (counted,), client = settle(batch([1, 2, 2, 2], cells), rounds=[[[4, 7, 0, "7"]]])
    assert counted == Counted(fresh=4, quantity=7, closed=0, used=7)
    (((sha, keys, arguments),),) = client.calls
    assert sha == digest(Script.SETTLE)
    before, now = (f"aforo:{{t:c}}:marks:m:{hour}" for hour in (HOUR - 1, HOUR))
    assert keys == (
        *("aforo:{t:c}:state", "aforo:{t:c}:hours:m", "aforo:{t:c}:closed:m"),
        *(before, f"{before}:239", now, f"{now}:0", f"{now}:7"),
    )
    seconds = (MARKS_MS - 5_000) // 1000
    assert arguments == [
        *common(),
        *(HOUR - 1, seconds, 1, 1, 1, 100),
        *(HOUR, seconds + 3600, 2, 2, 2, 1, 101, 102, 103),
    ]


def test_quantities_that_differ_are_listed() -> None:
    """In the order of the marks, with nothing said for all."""
    _, client = settle(batch([1, 2], [CELL, CELL]), rounds=[[[2, 3, 0, None]]])
    (((_, _, arguments),),) = client.calls
    assert arguments[-6:] == ["", 2, 100, 101, 1, 2]


@pytest.mark.parametrize(
    ("answer", "counted"),
    [
        ([3, 5, 1, "8"], Counted(3, 5, 1, 8)),
        ([0, 0, 3, None], Counted(0, 0, 3, None)),
        ([2, 4, 0, 0], Counted(2, 4, 0, 0)),
    ],
)
def test_what_a_script_answers_is_what_was_counted(answer: list[Any], counted: Counted) -> None:
    """Nothing fresh is an answer, too, and so is a customer without a grant."""
    found, client = settle(batch([1], [CELL]), rounds=[[answer]])
    assert found == [counted]
    assert len(client.calls) == 1


def test_only_what_rolled_over_is_settled_again_with_its_windows() -> None:
    """In its place: each outcome is of its own settlement."""
    batches = [batch([1], [CELL], meter) for meter in ("a", "b", "c")]
    first = [[1, 1, 0, "1"], ROLLED_OVER, [3, 3, 0, "3"]]
    found, client = settle(*batches, rounds=[first, [[2, 2, 0, "2"]]])
    assert found == [Counted(one, one, 0, one) for one in (1, 2, 3)]
    again = client.calls[1]
    assert [call[2][:12] for call in again] == [common("b", TOLD)]


def test_a_grant_that_changes_between_the_two_tries_is_counted_by_the_next_delivery() -> None:
    """Nothing is made up of an answer that says that nothing was done."""
    (found,), _ = settle(batch([1], [CELL]), rounds=[[ROLLED_OVER], [ROLLED_OVER]])
    assert isinstance(found, Retryable)
    assert "grant changed" in str(found)


def test_a_call_that_fails_takes_no_other_with_it() -> None:
    """The messages of that settlement come again."""
    failed = RedisConnectionError("gone")
    batches = [batch([1], [CELL], meter) for meter in ("a", "b")]
    found, client = settle(*batches, rounds=[[failed, [1, 1, 0, None]]])
    assert isinstance(found[0], Retryable)
    assert "gone" in str(found[0])
    assert found[1] == Counted(1, 1, 0, None)
    assert len(client.calls) == 1


def close(*sums: tuple[str, int, int], rounds: list[list[Any]]) -> tuple[Closed, Scripted]:
    client = Scripted(rounds)
    hours = ClosedHours(cast("Redis", client), "t", lambda: NOW_MS)
    closings = [Closing("c", meter, [(hour, total)]) for meter, hour, total in sums]
    return hours.close(closings, version=9), client


def test_a_closing_tells_each_hour_its_sum_and_forgets_the_marks_of_busy_ones() -> None:
    """What closings changed is added up; only hours whose marks outgrew their first set have more
    of them to forget.
    """
    answers = [[1, "2", None, 3, "4", HOUR], [1, 10, 20, 30, 40]]
    closed, client = close(("a", HOUR, 5), ("b", HOUR - 1, 6), rounds=[answers, [1]])
    assert closed == Closed(hours=2, short=12, over=20, late=33, receded=44)
    closing, forgetting = client.calls
    assert [arguments for _, _, arguments in closing] == [
        [*common("a"), 9, HOUR, 5],
        [*common("b"), 9, HOUR - 1, 6],
    ]
    marks = f"aforo:{{t:c}}:marks:a:{HOUR}"
    assert closing[0][0] == digest(Script.CLOSE)
    assert closing[0][1][3:] == (marks,)
    ((sha, keys, arguments),) = forgetting
    assert sha == digest(Script.FORGET)
    assert keys == ("aforo:{t:c}:closed:a", *(f"{marks}:{cell}" for cell in range(CELLS_PER_HOUR)))
    assert arguments == [HOUR]


def test_a_closing_of_a_grant_that_rolled_over_is_told_the_windows() -> None:
    """As a settlement is."""
    closed, client = close(("a", HOUR, 5), rounds=[[ROLLED_OVER], [[1, 5, 0, 0, 0]]])
    assert closed == Closed(hours=1, short=5)
    assert client.calls[1][0][2] == [*common("a", TOLD), 9, HOUR, 5]


def test_nothing_to_close_changes_nothing() -> None:
    """No customer used anything in those hours."""
    closed, client = close(rounds=[])
    assert closed == Closed() == Closed(hours=0, short=0, over=0, late=0, receded=0)
    assert client.calls == []


@pytest.mark.parametrize(
    ("rounds", "why"),
    [
        ([[ROLLED_OVER], [ROLLED_OVER]], "grant changed"),
        ([[RedisConnectionError("gone")]], "gone"),
    ],
)
def test_an_hour_that_may_not_be_closed_fails_the_whole(rounds: list[list[Any]], why: str) -> None:
    """All are closed again: the same version changes nothing twice."""
    with pytest.raises(Retryable, match=why):
        close(("a", HOUR, 5), rounds=rounds)
