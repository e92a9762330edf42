"""Closed hours: what the ledger sums for an hour of requests becomes the hour's count.

Guaranteed (aws-and-counters.md 4c): of one hour's closings the greatest version stands, whatever
their order and however often they come; `used` is changed in the same step. A closed hour needs no
marks: usage that is settled into it changes nothing, its next closing has it.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from redis import Redis

from functions.reconciliation.counters.redis_scripts import Answer, Call, Script, run
from functions.reconciliation.counters.usage_counters import (
    meter_arguments,
    meter_keys,
    run_rolling_over,
)
from functions.usage.errors import Retryable
from functions.usage.mark import CELLS_PER_HOUR, HourOfMeter, closed_key
from functions.usage.period import Recurrence


class Closing(NamedTuple):
    """What the ledger sums for hours (epoch hours) of one customer and meter."""

    customer_id: str
    meter: str
    sums: Sequence[tuple[int, int]]  # hour, sum


class Closed(NamedTuple):
    """What closings changed, in units: `short` and `over` were missing from, or too many in, hours
    closed for the first time; `late` and `receded` is what closing an hour again added and took.
    """

    hours: int = 0
    short: int = 0
    over: int = 0
    late: int = 0
    receded: int = 0


class ClosedHours:
    """The writer of one tenant's closed hours. `clock` gives epoch milliseconds."""

    def __init__(self, client: Redis, tenant: str, clock: Callable[[], int]) -> None:
        self._client = client
        self._tenant = tenant
        self._clock = clock

    def close(self, closings: Sequence[Closing], version: int) -> Closed:
        """Close hours by `version`. Retryable when one of them may not be: close all again."""
        now_ms = self._clock()
        calls = [partial(self._close_call, each, version, now_ms) for each in closings]
        answers = list(map(_closed, run_rolling_over(self._client, calls)))
        # The marks in the first sets went in the same step. A crash before this leaves the others
        # until they expire: memory, nothing else.
        run(self._client, list(self._forget_calls(closings, answers)))
        return Closed(*map(sum, zip(*(answer.closed for answer in answers), strict=True)))

    def _close_call(
        self, closing: Closing, version: int, now_ms: int, grant: Recurrence | None
    ) -> Call:
        customer_id, meter = closing.customer_id, closing.meter
        keys = meter_keys(self._tenant, customer_id, meter)
        keys += [self._hour(closing, hour).first_set() for hour, _ in closing.sums]
        arguments = [*meter_arguments(meter, grant, now_ms), version]
        arguments += [part for pair in closing.sums for part in pair]
        return Call(Script.CLOSE, keys, arguments)

    def _forget_calls(
        self, closings: Sequence[Closing], answers: Sequence["_Answered"]
    ) -> Iterable[Call]:
        for closing, answer in zip(closings, answers, strict=True):
            for hour in answer.busy_hours:
                closed = closed_key(self._tenant, closing.customer_id, closing.meter)
                sets = map(self._hour(closing, hour).cell_set, range(CELLS_PER_HOUR))
                yield Call(Script.FORGET, [closed, *sets], [hour])

    def _hour(self, closing: Closing, hour: int) -> HourOfMeter:
        return HourOfMeter(self._tenant, closing.customer_id, closing.meter, hour)


class _Answered(NamedTuple):
    closed: Closed
    busy_hours: list[int]  # whose marks outgrew their first set


def _closed(answer: Answer | Retryable) -> _Answered:
    match answer:
        case Retryable():
            raise answer
        case [int() as hours, *changed] if hours >= 0:
            numbers = [int(number or 0) for number in changed]
            return _Answered(Closed(hours, *numbers[:4]), numbers[4:])
        case _:
            # A grant of another period came between the two tries: the next delivery knows it.
            raise Retryable("the customer's grant changed while its hours were closed")
