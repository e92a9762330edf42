"""HeartbeatRelay come in; those that may tell the counters how far counting has come go on to
SettledUsageQueue, unchanged (functions.usage.heartbeat).

Guaranteed: none goes on beside usage that waits, so that a stalled road shows as a growing lag.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.message_queue import Sender
from functions.adapters.telemetry import NOT_SETTLED, Telemetry
from functions.forwarder.inbox import ReceivedHeartbeat
from functions.usage.errors import UsageError
from functions.usage.metric import Metric

# A newer one has taken its place 15 times by then; its age has long been the lag.
MOST_AGE_MS = 15 * 60 * 1000
# Short, so that the lag ends soon after the stall; 45 receives in its life, of the 100 there are.
WAIT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class HeartbeatRelay:
    """The way of heartbeats past the posts."""

    settled: Sender
    telemetry: Telemetry

    def pass_on(
        self, heartbeats: Sequence[ReceivedHeartbeat], *, is_clear: bool, now_ms: int
    ) -> list[ReceivedHeartbeat]:
        """Those that must come back. `is_clear`: all usage that came with them is settled."""
        young = [one for one in heartbeats if now_ms - one.at_ms <= MOST_AGE_MS]
        self.telemetry.count(Metric.HEARTBEATS_DROPPED, len(heartbeats) - len(young))
        if not is_clear or not self._send(young):
            self.telemetry.count(Metric.HEARTBEATS_HELD, len(young))
            return young
        return []

    def _send(self, heartbeats: Sequence[ReceivedHeartbeat]) -> bool:
        try:
            self.settled.send(one.envelope.body for one in heartbeats)
        except (BotoCoreError, ClientError, UsageError) as error:
            self.telemetry.log.warning(NOT_SETTLED, place="SettledUsageQueue", fault=str(error))
            return False
        return True
