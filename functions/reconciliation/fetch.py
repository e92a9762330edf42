"""The step of a reconcile outside the VPC: customers come in, what Aforo says of them leaves.

Guaranteed: one customer's trouble costs the others nothing, and an outage of Aforo costs a few
questions. What is not answered is left out, so that its old state stands; counted, by reason.
"""

from collections.abc import Callable
from typing import NamedTuple

from functions.adapters.telemetry import (
    AFORO_ASKED,
    AFORO_UNANSWERED,
    RECONCILE_TROUBLE,
    Telemetry,
)
from functions.reconciliation.answers import (
    Answers,
    CustomerAnswer,
    Guard,
    KeysAnswer,
    Question,
    Quota,
)
from functions.reconciliation.fetch_answer import Unusable, read_guard, read_keys, read_quota
from functions.reconciliation.fetch_api import REFUSED, FetchApi, Unanswered
from functions.usage.metric import Metric

# Before each question: it may take 22 s (aforo_http.py, enquiry_api.py), and the answers are yet to
# leave. A function that is ended instead takes what was answered with it.
ROOM_SECONDS = 25.0
OUT_OF_TIME = "out_of_time"
# Questions in a row that met nobody: by then Aforo is away, and every further one waits as long.
MISSES = 3
NOBODY_THERE = frozenset({"timeout", "no_connection", "outage"})

type _Said[T] = bytes | Unanswered | None


class Fetch(NamedTuple):
    """`clock` gives epoch milliseconds."""

    api: FetchApi
    telemetry: Telemetry
    clock: Callable[[], int]

    def ask(self, question: Question, seconds_left: Callable[[], float]) -> Answers:
        """All that Aforo said. Stops when it is away, refuses us, or time runs out."""
        asking = _Asking(self.api, self.telemetry, self.clock, seconds_left)
        keys = asking.keys()
        customers = []
        for customer_id in question.customers:
            if asking.stops():
                break
            customers.append(asking.customer(customer_id))
        said = tuple(one for one in customers if one.quota is not None or one.guard is not None)
        if customers and not said and not asking.stopped:
            asking.stopped = "nothing_answered"  # as from a host without these routes
        self._report(question, len(customers), asking.stopped)
        return Answers(meter=question.meter, customers=said, keys=keys)

    def _report(self, question: Question, asked: int, stopped: str) -> None:
        not_asked = len(question.customers) - asked
        if stopped:
            self.telemetry.count(Metric.RECONCILE_TROUBLE, reason=stopped)
            self.telemetry.log.warning(RECONCILE_TROUBLE, reason=stopped, not_asked=not_asked)
        self.telemetry.count(Metric.QUESTIONS_UNANSWERED, not_asked, reason="not_asked")
        self.telemetry.report(AFORO_ASKED, customers=asked, not_asked=not_asked)


class _Asking:
    """One fetch under way. `stopped` says why no more is to be asked; empty: go on."""

    def __init__(
        self,
        api: FetchApi,
        telemetry: Telemetry,
        clock: Callable[[], int],
        seconds_left: Callable[[], float],
    ) -> None:
        self._api = api
        self._telemetry = telemetry
        self._clock = clock
        self._seconds_left = seconds_left
        self._misses = 0
        self._asks_guard = api.places.guard is not None
        self.stopped = ""

    def stops(self) -> bool:
        """Whether no more is to be asked; out of time, too."""
        if not self.stopped and self._seconds_left() < ROOM_SECONDS:
            self.stopped = OUT_OF_TIME
        return bool(self.stopped)

    def keys(self) -> KeysAnswer | None:
        """They are published elsewhere: their trouble says nothing of the other questions."""
        asked_at_ms = self._clock()
        said = self._api.keys()
        read = read_keys(said, asked_at_ms) if isinstance(said, bytes) else said
        if isinstance(read, Unusable | Unanswered):
            self._telemetry.count(Metric.RECONCILE_TROUBLE, reason="keys_not_refreshed")
            self._unanswered("", read.reason)
            return None
        return read

    def customer(self, customer_id: str) -> CustomerAnswer:
        """One customer's answers, under the moment before its first question."""
        asked_at_ms = self._clock()
        quota = self._heard(customer_id, self._api.quota(customer_id), read_quota)
        guard: Guard | None = None
        if self._asks_guard and not self.stops():
            said = self._api.guard(customer_id)
            if said == REFUSED and quota is not None:
                said = self._without_guard()
            guard = self._heard(customer_id, said, read_guard)
        return CustomerAnswer(
            customer_id=customer_id, asked_at_ms=asked_at_ms, quota=quota, guard=guard
        )

    def _without_guard(self) -> Unanswered:
        """The key is good and may not ask this: limits still can be asked for."""
        self._asks_guard = False
        refused = Unanswered("guard_refused")
        self._telemetry.count(Metric.RECONCILE_TROUBLE, reason=refused.reason)
        return refused

    def _heard[T: Quota | Guard](
        self, customer_id: str, said: _Said[T], read: Callable[[bytes], T | Unusable]
    ) -> T | None:
        if said is None:
            return None
        if isinstance(said, Unanswered):
            self._miss(said)
            self._unanswered(customer_id, said.reason)
            return None
        self._misses = 0
        found = read(said)
        if isinstance(found, Unusable):
            self._unanswered(customer_id, found.reason)
            return None
        self._telemetry.count(Metric.QUESTIONS_ANSWERED)
        return found

    def _miss(self, said: Unanswered) -> None:
        self._misses = self._misses + 1 if said.reason in NOBODY_THERE else 0
        if said.is_final:
            self.stopped = said.reason
        elif self._misses >= MISSES:
            self.stopped = "aforo_unreachable"

    def _unanswered(self, customer_id: str, reason: str) -> None:
        self._telemetry.count(Metric.QUESTIONS_UNANSWERED, reason=reason)
        self._telemetry.log.warning(AFORO_UNANSWERED, customer_id=customer_id, reason=reason)
