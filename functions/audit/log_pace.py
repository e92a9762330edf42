"""How often the audit may ask CloudWatch Logs: a call comes in, and is made when its turn is there.

The quotas are those of the whole account and Region, and cannot be raised (docs.aws.amazon.com,
CloudWatch Logs service quotas): replay, other tools and people in the console share them with us.
Guaranteed: one process makes no more calls than these. Several at once share them: whoever starts
several gives each its part as `calls_a_second`.
"""

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


CALLS_A_SECOND: Mapping[LogCall, float] = {
    # Quota: 5 where it is least (eu-central-1, ca-west-1, il-central-1 and two more), 25 in
    # us-east-1, 10 elsewhere. A replay asks one after the other, which is some 3 a second.
    LogCall.FILTER: 2,
    # Quota: 10 where it is least (us-west-2, eu-west-1, eu-central-1 and four more), else 25 or 30.
    LogCall.EVENTS: 5,
    # Quota: 25 everywhere.
    LogCall.STREAMS: 10,
}
# Throttled in spite of all: others are at work. Besides boto3's own three tries, 3 s apart at most.
PAUSES_SECONDS = (1, 2, 4, 8)


class LogPace:
    """A bucket of one token for each kind of call: calls are evenly apart, and no idle time is
    saved up, since a burst is what throttles others.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        calls_a_second: Mapping[LogCall, float] = CALLS_A_SECOND,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._apart = {call: 1 / rate for call, rate in calls_a_second.items()}
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

    def _take(self, call: LogCall) -> None:
        now = self._clock()
        turn = max(now, self._next.get(call, now))
        self._next[call] = turn + self._apart[call]
        if turn > now:
            self._sleep(turn - now)
