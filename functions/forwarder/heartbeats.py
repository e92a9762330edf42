"""Heartbeats and stalls come in; those that may tell the counters how far counting has come go on
to SettledUsageQueue, unchanged (functions.usage.heartbeat), and what is held here says so.

Guaranteed: no heartbeat goes on beside usage that waits, nor before the counters are told of what
this process holds: another process knows nothing of it, and passes heartbeats on meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.message_queue import Sender
from functions.adapters.telemetry import NOT_SETTLED, Telemetry
from functions.forwarder.inbox import ReceivedHeartbeat, ReceivedStall
from functions.forwarder.putting_back import Later
from functions.forwarder.returning import PutterBack
from functions.usage.errors import UsageError
from functions.usage.metric import Metric
from functions.usage.stall import StallMessage, both, both_of, stall_body

# A newer one has taken its place 15 times by then; its age has long been the lag.
MOST_AGE_MS = 15 * 60 * 1000
# Short, so that the lag ends soon after the stall; 45 receives in its life, of the 100 there are.
WAIT_SECONDS = 20


@dataclass(slots=True)
class HeartbeatRelay:
    """The way of heartbeats and stalls past the posts."""

    settled: Sender
    usage: PutterBack
    telemetry: Telemetry
    _untold: StallMessage | None = None

    def tell(
        self, received: Sequence[ReceivedStall], own: StallMessage | None
    ) -> list[ReceivedStall]:
        """Pass stalls on, whatever waits, and say what is held here; those that must come back."""
        mine = both(self._untold, own)
        stalls = [*(one.stall for one in received), *([mine] if mine else [])]
        self._untold = None
        if self._send([stall_body(stall) for stall in stalls]) or self._hand_over(stalls):
            return []
        # Those of others, too: that they were hidden for seconds is as uncertain as all else here.
        self._untold = reduce(both_of, stalls)
        return list(received)

    def _hand_over(self, stalls: Sequence[StallMessage]) -> bool:
        # As one, back on UsageQueue: this process may have nothing to do for long, and another one
        # tells it then.
        letter = Later(stall_body(reduce(both_of, stalls)), WAIT_SECONDS)
        return bool(self.usage.put_back({"stall": letter}))

    def pass_on(
        self, heartbeats: Sequence[ReceivedHeartbeat], *, is_clear: bool, now_ms: int
    ) -> list[ReceivedHeartbeat]:
        """Those that must come back. `is_clear`: all usage that came with them is settled."""
        young = [one for one in heartbeats if now_ms - one.at_ms <= MOST_AGE_MS]
        self.telemetry.count(Metric.HEARTBEATS_DROPPED, len(heartbeats) - len(young))
        is_told = self._untold is None
        if is_clear and is_told and self._send([one.envelope.body for one in young]):
            return []
        self.telemetry.count(Metric.HEARTBEATS_HELD, len(young))
        return young

    def _send(self, bodies: Sequence[str]) -> bool:
        try:
            self.settled.send(bodies)
        except (BotoCoreError, ClientError, UsageError) as error:
            self.telemetry.log.warning(NOT_SETTLED, place="SettledUsageQueue", fault=str(error))
            return False
        return True
