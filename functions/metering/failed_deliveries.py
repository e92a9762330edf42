"""Deliveries that failed come in; the stall that tells the counters of them leaves.

Guaranteed: this process passes no heartbeat on before that is told (functions.usage.stall). A
process that is killed tells nothing: its delivery is back within three minutes (quota.md).
"""

from collections.abc import Callable
from contextlib import suppress

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.message_queue import Sender
from functions.metering.log_delivery import LogDelivery
from functions.usage.errors import UsageError
from functions.usage.stall import StallMessage, both, stall_body, stalled_since

# Lambda tries again after 1 and 2 minutes (template.yaml), each try may take the function's 60 s,
# and what it sent is counted seconds later. Then it has told again, or the OnFailure destination
# has the delivery: it is quarantined.
BACK_MS = (120 + 60 + 30) * 1000


class FailedDeliveries:
    """Those of this process, as far as nobody was told of them. `now_ms`: epoch milliseconds."""

    def __init__(self, queue: Sender, now_ms: Callable[[], int]) -> None:
        self._queue = queue
        self._now_ms = now_ms
        self._untold: StallMessage | None = None

    def note(self, delivery: LogDelivery) -> None:
        """A delivery failed. Told at once, if the queue takes it; never raises."""
        now_ms = self._now_ms()
        stall: StallMessage = {
            "version": 1,
            "stalledSinceMs": stalled_since(_moments(delivery), now_ms),
            "stalledUntilMs": now_ms + BACK_MS,
        }
        self._untold = both(self._untold, stall)
        with suppress(BotoCoreError, ClientError, UsageError):
            self.tell()

    def tell(self) -> None:
        """Tell what is untold; raises what the queue raises."""
        untold = self._untold
        if untold and untold["stalledUntilMs"] > self._now_ms():
            self._queue.send([stall_body(untold)])
        self._untold = None


def _moments(delivery: LogDelivery) -> list[int]:
    stamps = (one.get("timestamp") for one in delivery.log_events if isinstance(one, dict))
    return [stamp for stamp in stamps if type(stamp) is int]
