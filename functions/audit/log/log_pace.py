"""How often the audit may ask CloudWatch Logs: a call comes in, and is made when its turn is there.

The quotas are those of the whole account and Region, and all but DescribeLogStreams' are fixed (AWS
General Reference, CloudWatch Logs endpoints and quotas): replay, other tools and people in the
console share them with us. Guaranteed: one process takes no more than its share. Several add up.
"""

import math
import time
from collections.abc import Callable, Mapping
from enum import StrEnum

from botocore.exceptions import ClientError

from functions.adapters.log_events import is_throttled


class LogCall(StrEnum):
    """What is paced."""

    FILTER = "FilterLogEvents"
    EVENTS = "GetLogEvents"
    STREAMS = "DescribeLogStreams"


# Of each quota. A replay asks for one page after the other, which is some three calls a second;
# where the quota is five it finds them.
SHARE = 0.4
_LEAST: Mapping[LogCall, int] = {LogCall.FILTER: 5, LogCall.EVENTS: 10, LogCall.STREAMS: 25}
_SLOW_REGIONS = ("ap-northeast-3", "ap-southeast-3", "ca-west-1", "eu-central-1", "il-central-1")
_ELSEWHERE: Mapping[LogCall, int] = {LogCall.FILTER: 10, LogCall.EVENTS: 25, LogCall.STREAMS: 25}
_QUOTAS: Mapping[str, Mapping[LogCall, int]] = {
    **dict.fromkeys(_SLOW_REGIONS, _LEAST),
    "us-east-1": {**_ELSEWHERE, LogCall.FILTER: 25},
    "us-west-2": {**_ELSEWHERE, LogCall.EVENTS: 10},
    "eu-west-1": {**_ELSEWHERE, LogCall.EVENTS: 10},
    "eu-west-3": {**_ELSEWHERE, LogCall.EVENTS: 30},
}
IDLE_SECONDS = 30  # no call for so long is another invocation, not a page that took its time
# Throttled in spite of all: others are at work. Besides boto3's own three tries, 3 s apart at most.
PAUSES_SECONDS = (1, 2, 4, 8)


def account_quotas(region: str = "") -> Mapping[LogCall, int]:
    """Calls a second of all of an account; without a Region, the least that any has."""
    return _QUOTAS.get(region, _ELSEWHERE) if region else _LEAST


def calls_a_second(region: str = "", processes: int = 1) -> dict[LogCall, float]:
    """The share of each of so many processes, which are at work at the same time."""
    return {call: quota * SHARE / processes for call, quota in account_quotas(region).items()}


class LogPace:
    """A bucket of one token for each kind of call: calls are evenly apart, and no idle time is
    saved up, since a burst is what throttles others. For one thread.

    Processes that begin together would make their calls together, one burst each: `phase` is the
    part of the time between two calls for which the first waits, and the first after idle time.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        rates: Mapping[LogCall, float] | None = None,
        phase: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`rates` are calls a second, as `calls_a_second` says them."""
        self._clock = clock
        self._sleep = sleep
        self._apart = {call: 1 / rate for call, rate in (rates or calls_a_second()).items()}
        self._phase = phase
        self._next: dict[LogCall, float] = {}

    def make[T](self, call: LogCall, ask: Callable[[], T]) -> T:
        """What `ask` answers. Raises as it does; throttling only when it has lasted 15 s."""
        for pause in PAUSES_SECONDS:
            self._take(call)
            try:
                return ask()
            except ClientError as error:
                if not is_throttled(error):
                    raise
            self._sleep(pause)
        self._take(call)
        return ask()

    def turn(self, call: LogCall) -> float:
        """When the next call of this kind may be made, by the clock; the past, if it may be now."""
        return self._next.get(call, 0.0)

    def _take(self, call: LogCall) -> None:
        now = self._clock()
        turn = self._next.get(call, -math.inf)
        if turn < now:
            is_idle = turn < now - IDLE_SECONDS
            turn = now + (self._phase() * self._apart[call] if is_idle else 0)
        self._next[call] = turn + self._apart[call]
        if turn > now:
            self._sleep(turn - now)
