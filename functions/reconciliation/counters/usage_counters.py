"""The counters as their only writer sees them: settled usage comes in, `used` and `remaining` in
the hash that the authorizer reads are what leaves.

Guaranteed (architecture.md 3): usage is counted once per event key, in the period of its request,
however it is repeated, regrouped, reordered or late.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from itertools import groupby
from typing import NamedTuple

from redis import Redis

from functions.reconciliation.counters.redis_scripts import Answer, Call, Script, run
from functions.usage.errors import Retryable
from functions.usage.mark import (
    CELLS_PER_HOUR,
    FIRST_SET_MARKS,
    HourOfMeter,
    closed_key,
    hours_key,
)
from functions.usage.moment import HOUR_MS
from functions.usage.period import Period, Recurrence
from functions.usage.quota import state_key

# Marks outlive the horizon by a day: whoever measures the horizon may have another clock than the
# server that lets them expire.
MARKS_SLACK_MS = timedelta(days=1) // timedelta(milliseconds=1)
# A monthly grant that comes late still finds the hours of its whole month: 31 days, and the 35 of
# the horizon, with some to spare. The hours of a longer current period are kept anyway.
HOURS_KEPT = 70 * 24
# Without a grant nothing says that a customer still exists: its hours go with the last of them.
UNGRANTED_SECONDS = HOURS_KEPT * 3600


class CounterBatch(NamedTuple):
    """Events of one customer and meter for one script: columns, in the order of the cells."""

    customer_id: str
    meter: str
    cells: Sequence[int]  # of `mark.cell_of`
    marks: Sequence[int]
    quantities: Sequence[int]


class Counted(NamedTuple):
    """What a settlement changed. `closed` are the events of hours that the ledger has closed: they
    change nothing, the hour's next closing has them. `used` is of the current period, None without
    a grant.
    """

    fresh: int
    quantity: int
    closed: int
    used: int | None


class Counters:
    """The counters of one tenant. `clock` gives epoch milliseconds."""

    def __init__(
        self, client: Redis, tenant: str, horizon: timedelta, clock: Callable[[], int]
    ) -> None:
        self._client = client
        self._tenant = tenant
        self._marks_ms = horizon // timedelta(milliseconds=1) + MARKS_SLACK_MS
        self._clock = clock

    def settle(self, settlements: Sequence[CounterBatch]) -> list[Counted | Retryable]:
        """Mark and add; one outcome per settlement. No event may be older than the horizon."""
        now_ms = self._clock()
        calls = [partial(self._settle_call, each, now_ms) for each in settlements]
        return [_counted(answer) for answer in run_rolling_over(self._client, calls)]

    def _settle_call(self, settlement: CounterBatch, now_ms: int, grant: Recurrence | None) -> Call:
        customer_id, meter = settlement.customer_id, settlement.meter
        keys = meter_keys(self._tenant, customer_id, meter)
        arguments = meter_arguments(meter, grant, now_ms)
        start = 0
        for hour, cells in _cells_by_hour(settlement.cells):
            sets = HourOfMeter(self._tenant, customer_id, meter, hour)
            keys += [sets.first_set(), *map(sets.cell_set, cells)]
            these = slice(start, start + sum(cells.values()))
            seconds = ((hour + 1) * HOUR_MS + self._marks_ms - now_ms) // 1000
            quantities = _quantities(settlement.quantities[these])
            arguments += [hour, seconds, len(cells), quantities.of_each, *cells.values()]
            arguments += [*settlement.marks[these], *quantities.listed]
            start = these.stop
        return Call(Script.SETTLE, keys, arguments)


def _cells_by_hour(cells: Sequence[int]) -> list[tuple[int, dict[int, int]]]:
    """Each hour with its cells, and how many events each cell has."""
    sizes = {cell: sum(1 for _ in same) for cell, same in groupby(cells)}
    by_hour = groupby(sizes, lambda cell: cell // CELLS_PER_HOUR)
    return [(hour, {cell: sizes[cell] for cell in of_hour}) for hour, of_hour in by_hour]


class _Quantities(NamedTuple):
    of_each: int | str
    listed: Sequence[int]


def _quantities(quantities: Sequence[int]) -> _Quantities:
    # Nearly all requests count 1: said once, that saves half of the script's arguments.
    if quantities.count(quantities[0]) == len(quantities):
        return _Quantities(quantities[0], ())
    return _Quantities("", quantities)


def meter_keys(tenant: str, customer_id: str, meter: str) -> list[str]:
    """The keys with which every script begins that changes a meter's hours."""
    return [
        state_key(tenant, customer_id),
        hours_key(tenant, customer_id, meter),
        closed_key(tenant, customer_id, meter),
    ]


def meter_arguments(meter: str, grant: Recurrence | None, now_ms: int) -> list[str | int | float]:
    """The arguments of such a script, up to what it is to change; `grant`: tell it the windows."""
    return [
        *(meter, now_ms, now_ms // HOUR_MS - HOURS_KEPT, HOURS_KEPT, UNGRANTED_SECONDS),
        *(FIRST_SET_MARKS, *_windows_told(grant, now_ms)),
    ]


def run_rolling_over(
    client: Redis, calls: Sequence[Callable[[Recurrence | None], Call]]
) -> list[Answer | Retryable]:
    """The answer of each call. One whose grant's period is over changed nothing and is made again
    with the recurrence: told the windows of now, the script opens them and does its work in one.
    """
    answers = run(client, [call(None) for call in calls])
    due = {i: grant for i, answer in enumerate(answers) if (grant := _rolled_over(answer))}
    if due:
        again = run(client, [calls[i](grant) for i, grant in due.items()])
        for i, answer in zip(due, again, strict=True):
            answers[i] = answer
    return answers


def _windows_told(grant: Recurrence | None, now_ms: int) -> tuple[str | int, ...]:
    if grant is None:
        return ("",) * 6
    window = grant.window_at(now_ms)
    upcoming = grant.window_at(window.end_ms)
    return (grant.period, grant.anchor_day, *window, *upcoming)


def _rolled_over(answer: Answer | Retryable) -> Recurrence | None:
    match answer:
        case [-1, str() as period, str() as anchor_day]:
            return Recurrence(Period(period), int(anchor_day))
        case _:
            return None


def _counted(answer: Answer | Retryable) -> Counted | Retryable:
    match answer:
        case Retryable():
            return answer
        case [int() as fresh, int() as quantity, int() as closed, used] if fresh >= 0:
            return Counted(fresh, quantity, closed, None if used is None else int(used))
        case _:
            # A grant of another period came between the two tries: the next delivery knows it.
            return Retryable("the customer's grant changed while its usage was counted")
