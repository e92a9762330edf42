"""Heartbeats and stalls of a batch -> the watermark, and the lag that they measured.

Guaranteed: a heartbeat counts only after the usage that was delivered with it, or before it to this
process, is in the counters. A stall holds the watermark back at once, also for what other processes
count; usage that this one could not count is such a stall, as soon as the counters answer it.
Usage of an hour that the ledger has closed is such a stall, too, until the hour's next closing.
"""

from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

from functions.adapters.telemetry import HEARTBEAT_REFUSED, Telemetry
from functions.reconciliation.counters.statements import Watermark
from functions.reconciliation.inbox import Heartbeat, Stall
from functions.usage.errors import Retryable
from functions.usage.heartbeat import is_ahead
from functions.usage.metric import Metric
from functions.usage.moment import DAY_MS
from functions.usage.stall import StallMessage, both

# Fifteen younger ones are on their way by then. Without an end they would wait out an outage of the
# counters, and ring the dead-letter queue's alarm after it.
KEPT_MS = 15 * 60 * 1000
# Usage that was not counted is invisible for SettledUsageQueue's visibility timeout, 361 s: no
# heartbeat that arrives before it is back may say that all before it is counted.
ON_ITS_WAY_BACK_MS = 7 * 60 * 1000
# One a minute, of two processes: more than the 7 minutes that they are looked back for.
LOOKS = 20
# The forwarder's longest wait is 12 hours (SQS's most). A time of a clock that is years ahead would
# hold the watermark back for as long.
LONGEST_STALL_MS = DAY_MS


class HeartbeatReader:
    """What hears the heartbeats of one tenant. `clock` gives epoch milliseconds."""

    def __init__(
        self, watermark: Watermark, telemetry: Telemetry, clock: Callable[[], int]
    ) -> None:
        self._watermark = watermark
        self._telemetry = telemetry
        self._clock = clock
        self._held_until_ms = 0
        self._untold: StallMessage | None = None
        # When this process looked at the watermark, and what it said; the newest last.
        self._looks: deque[tuple[int, int]] = deque(maxlen=LOOKS)

    def passed_ms(self) -> int:
        """Up to when usage was said to be counted before whatever is on its way now left, epoch
        milliseconds; 0: nobody here knows. By what another process heard a moment ago it is not to
        be judged: the heartbeat may have come with the usage.
        """
        before = self._clock() - ON_ITS_WAY_BACK_MS
        return max((said for at_ms, said in self._looks if at_ms <= before), default=0)

    def hold_back(
        self,
        stalls: Iterable[tuple[str, Stall]],
        uncounted_since_ms: int | None,
        closed: StallMessage | None = None,
    ) -> set[str]:
        """The ids of the stalls that have to come again. Usage since `uncounted_since_ms` could not
        be counted by this batch; None: all was. `closed`: of usage that the next closing counts.
        """
        self._untold = both(self._untold, closed)
        now_ms = self._clock()
        if uncounted_since_ms is not None:
            stall: StallMessage = {
                "version": 1,
                "stalledSinceMs": uncounted_since_ms,
                "stalledUntilMs": now_ms + ON_ITS_WAY_BACK_MS,
            }
            self._untold = both(self._untold, stall)
        failed = {message_id for message_id, one in stalls if not self._told(one.message, now_ms)}
        if self._untold and self._told(self._untold, now_ms):
            self._untold = None
        return failed

    def _told(self, stall: StallMessage, now_ms: int) -> bool:
        until_ms = min(stall["stalledUntilMs"], now_ms + LONGEST_STALL_MS)
        if until_ms > now_ms:
            try:
                self._watermark.hold_back(min(stall["stalledSinceMs"], now_ms), until_ms)
            except Retryable:
                return False
        return True

    def hear(self, heartbeats: Iterable[tuple[str, Heartbeat]], *, is_settled: bool) -> set[str]:
        """The ids of the messages that have to come again: all, unless the usage beside them
        `is_settled`, and while other usage is on its way back; and those that met no answering
        counters.
        """
        if not is_settled:
            self._held_until_ms = self._clock() + ON_ITS_WAY_BACK_MS
        is_held = self._clock() < self._held_until_ms or self._untold is not None
        lags: list[int] = []
        failed: set[str] = set()
        for message_id, heartbeat in heartbeats:
            lag = self._clock() - heartbeat.message["heartbeatAtMs"]
            if self._is_refused(heartbeat, lag):
                continue
            try:
                if is_held:
                    failed.add(message_id)
                elif self._is_newest(heartbeat):
                    lags.append(max(0, lag))
            except Retryable:
                # The others wait with it: each would only wait for the same server.
                is_held = True
                failed.add(message_id)
        if lags:
            self._look()
            self._telemetry.level(Metric.LAG, max(lags) / 1000)
        return failed

    def _look(self) -> None:
        with suppress(Retryable):
            self._looks.append((self._clock(), self._watermark.oldest()))

    def _is_newest(self, heartbeat: Heartbeat) -> bool:
        # One that was overtaken, or is delivered again, says nothing of the lag now.
        message = heartbeat.message
        return self._watermark.advance(message["logGroup"], message["heartbeatAtMs"])

    def _is_refused(self, heartbeat: Heartbeat, lag: int) -> bool:
        """Done with, not kept: one from the future would in a while be true, and wrong."""
        if is_ahead(heartbeat.message["heartbeatAtMs"], self._clock()):
            reason = "in_the_future"
        elif lag > KEPT_MS:
            reason = "too_old"
        else:
            return False
        self._telemetry.count(Metric.HEARTBEATS_REFUSED, reason=reason)
        self._telemetry.log.warning(HEARTBEAT_REFUSED, reason=reason, lag_seconds=lag / 1000)
        return True
