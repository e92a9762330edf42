"""Whether Redis still holds what this process saw it hold: it does not after a restored snapshot.

A failover may lose seconds, and the next closing of each hour heals them: counted, nothing more. A
copy that is minutes old holds revoked keys and old grants as well: the counters are no longer to be
trusted (architecture.md 3) until a rebuild opens them. A process sees only what happens while it
lives: who restores a snapshot on purpose rebuilds (docs/how-to/rebuild-counters.md).
"""

from collections.abc import Callable

from redis import Redis

from functions.adapters.telemetry import WENT_BACK, Telemetry
from functions.reconciliation.counters.redis_scripts import Call, Script, run_one
from functions.usage.errors import Retryable
from functions.usage.metric import Metric
from functions.usage.quota import tenant_key

# Asynchronous replication loses seconds at most. But how much is missing is known only from one
# look to the next, and an idle stack looks once a minute (steps.py): a failover that loses one look
# or two must not close the counters.
TOLERANCE_MS = 180_000
# Each is a time in which nobody looked. A process that lived through more of them than these, and
# was never called meanwhile, Lambda has ended long ago.
STEPS_KEPT = 32


class RollbackGuard:
    """One tenant's sequence. `clock` gives epoch milliseconds."""

    def __init__(
        self, client: Redis, tenant: str, clock: Callable[[], int], telemetry: Telemetry
    ) -> None:
        self._client = client
        names = ("sequence", "generation", "sequence-steps")
        self._keys = [tenant_key(tenant, name) for name in names]
        self._clock = clock
        self._telemetry = telemetry
        self._seen = 0

    def look(self) -> None:
        """Before anything else is done. A server that does not answer is left to who writes."""
        arguments = [self._clock(), self._seen, TOLERANCE_MS, STEPS_KEPT]
        try:
            answer = run_one(self._client, Call(Script.ROLLBACK, self._keys, arguments))
        except Retryable:
            return
        match answer:
            case [int() as seen, int() as lost_ms]:
                self._seen = seen
                self._report(lost_ms)

    def _report(self, lost_ms: int) -> None:
        if lost_ms:
            is_withdrawn = lost_ms > TOLERANCE_MS
            self._telemetry.count(
                Metric.COUNTERS_WENT_BACK, reason="withdrawn" if is_withdrawn else "seconds"
            )
            self._telemetry.log.error(WENT_BACK, lost_ms=lost_ms, is_withdrawn=is_withdrawn)
