"""The witness: what was served, kept apart from any log, for whoever compares the two.

Every answered request is counted; the latest 200,000 are kept one by one. `logged` counts the
requests whose lines were handed to the writer, `flushed` those that CloudWatch Logs has accepted:
of the access log, or of the execution log where a stage has no other.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice

from tests.local.gateway.exchange import Exchange

KEPT_REQUESTS = 200_000


@dataclass(kw_only=True)
class Served:
    """One answered request; `logged` turns true when CloudWatch Logs has its lines."""

    sequence: int
    extended_request_id: str | None
    request_id: str | None
    api_id: str | None
    stage: str | None
    method: str
    path: str
    resource_path: str | None
    status: int
    customer_id: str | None
    request_time_epoch_ms: int
    logged: bool = False


@dataclass
class Witness:
    """Counts since the start or the last `clear`."""

    served: int = 0
    logged: int = 0
    flushed: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    by_stage: Counter[str] = field(default_factory=Counter)
    _sequence: int = 0
    _cleared_at: int = 0
    _requests: deque[Served] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))

    def saw(self, exchange: Exchange) -> Served:
        """Count an exchange that was answered."""
        answer, run = exchange.answer, exchange.authorizer
        return self._add(
            Served(
                sequence=self._next(),
                extended_request_id=exchange.extended_request_id,
                request_id=exchange.request_id,
                api_id=exchange.api.id,
                stage=exchange.stage.name,
                method=exchange.request.verb,
                path=exchange.request.path,
                resource_path=exchange.route.resource.path if exchange.route else None,
                status=answer.status if answer else 0,
                customer_id=run.context.get("customerId") if run else None,
                request_time_epoch_ms=exchange.started_ms,
            )
        )

    def saw_unlogged(self, verb: str, path: str, status: int, at_ms: int) -> None:
        """Count an answer that AWS logs nowhere: too large, or to no deployed stage."""
        self._add(
            Served(
                sequence=self._next(),
                extended_request_id=None,
                request_id=None,
                api_id=None,
                stage=None,
                method=verb,
                path=path,
                resource_path=None,
                status=status,
                customer_id=None,
                request_time_epoch_ms=at_ms,
            )
        )

    def accepted(self, served: Served) -> None:
        """CloudWatch Logs has the lines."""
        served.logged = True
        if served.sequence > self._cleared_at:
            self.flushed += 1

    def counts(self) -> dict[str, object]:
        """The figures, as `GET /_witness` answers them."""
        return {
            "served": self.served,
            "logged": self.logged,
            "flushed": self.flushed,
            "by_status": dict(self.by_status),
            "by_stage": dict(self.by_stage),
        }

    def requests(self, *, after: int, limit: int) -> list[dict[str, object]]:
        """The kept requests whose `sequence` is greater than `after`, oldest first."""
        return [asdict(served) for served in islice(self._since(after), limit)]

    def clear(self) -> None:
        """Start counting anew; sequence numbers go on."""
        self.served = self.logged = self.flushed = 0
        self.by_status.clear()
        self.by_stage.clear()
        self._cleared_at = self._sequence
        self._requests.clear()

    def _since(self, after: int) -> Iterator[Served]:
        oldest = self._requests[0].sequence if self._requests else 0
        return islice(self._requests, max(0, after + 1 - oldest), None)

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    def _add(self, served: Served) -> Served:
        self.served += 1
        self.by_status[str(served.status)] += 1
        self.by_stage[served.stage or "-"] += 1
        self._requests.append(served)
        return served
