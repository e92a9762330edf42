"""The first step of a reconcile inside the VPC: which customers Aforo is to be asked about now.

Guaranteed: everybody's turn comes, however many press. A customer near its limit is asked about
every minute while such customers fit into one reconcile and the others' turn comes within the hour.
"""

from collections.abc import Callable, Mapping, Sequence
from random import randrange
from typing import Annotated, NamedTuple, cast

from pydantic import ConfigDict, Field
from redis import Redis

from functions.adapters.telemetry import CUSTOMERS_DUE, RECONCILE_TROUBLE, Telemetry
from functions.reconciliation.answers import MOST_CUSTOMERS
from functions.reconciliation.commands import USUAL_LAG_SECONDS, MeterId
from functions.reconciliation.counters.customer_index import CustomerIndex
from functions.reconciliation.counters.redis_scripts import plain_commands
from functions.reconciliation.counters.statements import Watermark
from functions.usage.from_outside import FromOutside
from functions.usage.metric import Metric
from functions.usage.moment import DAY_MS
from functions.usage.quota import (
    GuardLevel,
    QuotaState,
    Status,
    read_state,
    state_fields,
    state_key,
)

# A customer that waits for a top-up goes before all that were asked about in the last hour, and
# after all that were not: 50 a minute are 3,000 an hour, and beyond that the others count as well.
HEAD_START_MS = 60 * 60 * 1000
# From here on a limit is news. Aforo itself warns at four fifths (aforo-contract.md 1.4).
NEARLY_USED = 0.8
# Customers of one reconcile stand in another order in their next: a fetch that has to stop half
# way would leave out the same ones for ever.
SHUFFLED_MS = 1000
SOURCES_UNKNOWN = "sources_unknown"


class ListedSource(FromOutside):
    """A source as metering lists it: a heartbeat is put into its log group. What else the list says
    of it is for others.
    """

    model_config = ConfigDict(extra="ignore")

    name: str
    log_group: str


class DueQuestion(FromOutside):
    """`sources` are those that are metered now, where metering could tell."""

    meter: MeterId
    most: Annotated[int, Field(ge=0, le=MOST_CUSTOMERS)]
    sources: tuple[ListedSource, ...]
    are_sources_known: bool


class Due(NamedTuple):
    """The step, wired to one tenant's counters. `clock` gives epoch milliseconds."""

    client: Redis
    tenant: str
    customers: CustomerIndex
    watermark: Watermark
    telemetry: Telemetry
    clock: Callable[[], int]

    def find(self, asked: DueQuestion) -> list[str]:
        """The customers to ask about, and their new places in the line. Retryable when the counters
        do not answer.
        """
        now_ms = self.clock()
        if asked.are_sources_known:
            self._look_at_heartbeats(asked.sources, now_ms)
        else:  # and nothing is forgotten: what was heard of the sources stands, and grows old
            self.telemetry.count(Metric.RECONCILE_TROUBLE, reason=SOURCES_UNKNOWN)
            self.telemetry.log.warning(RECONCILE_TROUBLE, reason=SOURCES_UNKNOWN)
        candidates = self.customers.longest_unasked(asked.most, now_ms)
        states = self._states(candidates, asked.meter)
        # Now, and not when they are answered: who cannot be answered must not be first for ever.
        places = {
            who: now_ms if state is None else place_of(state, now_ms)
            for who, state in states.items()
        }
        self.customers.put_in_line(
            {who: place - randrange(SHUFFLED_MS) for who, place in places.items()}  # noqa: S311
        )
        due = [who for who, state in states.items() if state is not None and is_asked_about(state)]
        self.telemetry.report(CUSTOMERS_DUE, due=len(due), passed_over=len(candidates) - len(due))
        return due

    def _look_at_heartbeats(self, sources: Sequence[ListedSource], now_ms: int) -> None:
        start_ms = now_ms - int(USUAL_LAG_SECONDS * 1000)
        times = self.watermark.keep_only([one.log_group for one in sources], start_ms)
        ages = {one.name: max(0, now_ms - times[one.log_group]) / 1000 for one in sources}
        for name, age in ages.items():
            self.telemetry.level(Metric.HEARTBEAT_AGE, age, source=name)
        # Without any source nothing is late: no figure would mean that nobody can tell.
        oldest_ms = min(times.values(), default=now_ms)
        self.telemetry.level(Metric.HEARTBEAT_AGE, max(0, now_ms - oldest_ms) / 1000)

    def _states(self, customers: Sequence[str], meter: str) -> Mapping[str, QuotaState | None]:
        """In the order of `customers`; None: what stands there is no state."""
        names = state_fields(meter)
        with plain_commands():
            pipeline = self.client.pipeline(transaction=False)
            for customer_id in customers:
                pipeline.hmget(state_key(self.tenant, customer_id), list(names))
            rows = cast("list[list[str | None]]", pipeline.execute())
        found = [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in rows
        ]
        return {
            who: self._state(who, meter, fields)
            for who, fields in zip(customers, found, strict=True)
        }

    def _state(self, who: str, meter: str, fields: Mapping[str, str]) -> QuotaState | None:
        try:
            return read_state(meter, fields)
        except ValueError:
            # The others do not wait for it; the authorizer takes it for UNKNOWN, and says so.
            reason = "malformed_state"
            self.telemetry.count(Metric.RECONCILE_TROUBLE, reason=reason)
            self.telemetry.log.exception(RECONCILE_TROUBLE, reason=reason, customer_id=who)
            return None


def is_asked_about(state: QuotaState) -> bool:
    """Whether there is a grant that an answer could change."""
    return state.current is not None and state.status is not Status.CLOSED


def place_of(state: QuotaState, now_ms: int) -> int:
    """A customer's new place in the line. Nobody is taken out of it: a grant that comes at the same
    moment would not put it back; it is put off for a day instead.
    """
    if not is_asked_about(state):
        return now_ms + DAY_MS
    return now_ms - HEAD_START_MS if _presses(state, now_ms) else now_ms


def _presses(state: QuotaState, now_ms: int) -> bool:
    allowance = state.allowance_at(now_ms)
    is_nearly_used = allowance is not None and allowance.used >= NEARLY_USED * allowance.limit
    return is_nearly_used or state.guard_level is not GuardLevel.NONE
