"""When each request was where comes in; how long each hop took, and whose time that was, leaves.
Pure.

Neighbours share a moment, so that the hops of one request add up to its whole way. Where a moment
is not known (the line that says when an invocation ran was not written yet) the two hops beside it
are left out for that request, and the hops say of how many they tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from tests.local.dashboard.graph import statistic


class Moment(StrEnum):
    """Where a request can be, in the order of its way."""

    REQUESTED = "requested"
    WRITTEN = "line in the log"
    METERED = "metering began"
    QUEUED = "usage message sent"
    BEGAN = "forwarder began"
    CONFIRMED = "confirmed by Aforo"
    ENDED = "forwarder ended"
    COUNTED = "counted in Redis"


# What the hop that ends at a moment is made of.
WHOSE: Mapping[Moment, str] = {
    Moment.WRITTEN: "emulator: gateway, and lines gathered for 1 s",
    Moment.METERED: "emulator: delivery, a free process",
    Moment.QUEUED: "ours: metering; emulator: SQS",
    Moment.BEGAN: "emulator: its polling of the queue",
    Moment.CONFIRMED: "ours: forwarder; stand-in: Aforo",
    Moment.ENDED: "ours: ledger, settled usage; emulator: S3, SQS",
    Moment.COUNTED: "emulator: its polling; ours: reconciliation",
}

type Moments = Mapping[Moment, int]  # epoch milliseconds


class Spread(NamedTuple):
    """Seconds. Of no value all are 0."""

    of: int
    p50: float
    p99: float
    longest: float


@dataclass(frozen=True, slots=True)
class HopTimes:
    """`hops`: by the moment that each ends at."""

    hops: Mapping[Moment, Spread]
    to_billed: Spread
    to_counted: Spread


def hop_times(requests: Iterable[Moments]) -> HopTimes:
    known = list(requests)
    return HopTimes(
        hops={to: _between(known, from_, to) for from_, to in pairwise(Moment)},
        to_billed=_between(known, Moment.REQUESTED, Moment.CONFIRMED),
        to_counted=_between(known, Moment.REQUESTED, Moment.COUNTED),
    )


def spread_of(seconds: Sequence[float]) -> Spread:
    if not seconds:
        return Spread(0, 0, 0, 0)
    p50, p99 = statistic("p50", seconds), statistic("p99", seconds)
    return Spread(len(seconds), p50, p99, max(seconds))


def _between(requests: Iterable[Moments], from_: Moment, to: Moment) -> Spread:
    # Two clocks of one machine, of which one is read in whole milliseconds: nothing took less.
    return spread_of(
        [max(0, one[to] - one[from_]) / 1000 for one in requests if {from_, to} <= one.keys()]
    )
