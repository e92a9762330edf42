"""Of the windows that were audited those are counted that cover most, and none twice."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from functions.audit.window import AuditWindow, NamedWindow
from functions.operator.statement.audited_month import Gap, audited_source
from functions.operator.statement.calendar_month import CalendarMonth
from functions.operator.statement.chosen_windows import WholeWindow, chosen_windows

NOVEMBER = CalendarMonth(2026, 11)
MINUTES = 60_000
FIVE = 5 * MINUTES


def kept(
    start: int, minutes: int, *, closed: bool = True, shard: int = 0, shards: int = 1
) -> NamedWindow:
    """`start` in minutes of November."""
    from_ms = NOVEMBER.start_ms + start * MINUTES
    return NamedWindow(
        AuditWindow("deployed", from_ms, from_ms + minutes * MINUTES, shard, shards), closed
    )


KEPT = st.builds(
    kept,
    st.integers(0, 30),
    st.sampled_from([5, 10, 7]),
    closed=st.booleans(),
    shards=st.sampled_from([1, 2]),
)


def value(windows: list[WholeWindow]) -> tuple[int, int, int]:
    """How much time they cover, how much of it closed, in how many windows."""
    lengths = [(one.to_ms - one.from_ms, one.is_closed) for one in windows]
    closed = sum(length for length, is_closed in lengths if is_closed)
    return sum(length for length, _ in lengths), closed, len(lengths)


def are_apart(windows: list[WholeWindow]) -> bool:
    return all(one.to_ms <= other.from_ms for one, other in pairwise(windows))


@given(st.lists(KEPT, max_size=7))
def test_no_choice_that_counts_nothing_twice_is_better(windows: list[NamedWindow]) -> None:
    """As trying all of them shows."""
    chosen = chosen_windows(windows)
    assert are_apart(chosen)
    each = [one for window in windows for one in chosen_windows([window])]
    each.sort(key=lambda one: one.from_ms)
    choices = [list(some) for n in range(len(each) + 1) for some in combinations(each, n)]
    assert value(chosen) == max(value(some) for some in choices if are_apart(some))


def test_an_hour_that_somebody_audited_counts_once() -> None:
    """The twelve windows of it, where all are there; the hour, where one is missing."""
    hour, twelve = kept(0, 60), [kept(5 * number, 5) for number in range(12)]
    assert len(chosen_windows([hour, *twelve])) == 12
    assert [one.parts for one in chosen_windows([hour, *twelve[:-1]])] == [(hour,)]


def test_a_window_is_audited_when_all_its_shards_are() -> None:
    """And closed when all are closed; an open record that a closed one follows is history."""
    first, second = (kept(0, 5, shard=shard, shards=2) for shard in (0, 1))
    assert chosen_windows([first]) == []
    (whole,) = chosen_windows([second, first, kept(0, 5, closed=False, shard=1, shards=2)])
    assert whole.parts == (first, second)
    assert whole.is_closed
    (part_open,) = chosen_windows([first, kept(0, 5, closed=False, shard=1, shards=2)])
    assert not part_open.is_closed


def test_what_was_never_audited_is_told_in_windows_and_as_times() -> None:
    """Of a whole month, 8,640 windows of five minutes."""
    windows = [kept(5 * number, 5) for number in range(8640) if number not in {0, 100, 101, 8639}]
    found = audited_source("deployed", chosen_windows(windows), NOVEMBER, NOVEMBER.end_ms * 2)
    assert (found.windows, found.not_audited, found.still_open) == (8640, 4, 0)
    start = NOVEMBER.start_ms
    assert found.gaps == [
        Gap(start, start + FIVE),
        Gap(start + 100 * FIVE, start + 102 * FIVE),
        Gap(NOVEMBER.end_ms - FIVE, NOVEMBER.end_ms),
    ]


def test_a_month_that_runs_lacks_only_what_is_due() -> None:
    """A window is due a quarter of an hour after its end; before the month none is."""
    now_ms = NOVEMBER.start_ms + 47 * MINUTES
    found = audited_source("deployed", chosen_windows([kept(0, 5)]), NOVEMBER, now_ms)
    assert (found.windows, found.not_audited) == (6, 5)
    nothing = audited_source("deployed", [], NOVEMBER, NOVEMBER.start_ms - 1)
    assert (nothing.windows, nothing.not_audited) == (0, 0)


def test_a_source_without_a_window_lacks_all_of_them() -> None:
    """In windows of the usual length."""
    found = audited_source("deployed", [], NOVEMBER, NOVEMBER.end_ms * 2)
    assert (found.windows, found.not_audited) == (8640, 8640)
