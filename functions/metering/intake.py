"""One log delivery, from its payload to the usage queue and the quarantine.

Guaranteed: when `take` returns, every request of the delivery is an event on the queue, excluded
and counted, or kept in the quarantine. When it raises, the delivery has to come again; taking it
twice gives the same events under the same keys and the same quarantine objects.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from functions.adapters.telemetry import (
    DELIVERY_QUARANTINED,
    HEARTBEAT_METERED,
    HEARTBEAT_REFUSED,
    METERED,
    Telemetry,
)
from functions.metering.configuration import Configuration
from functions.metering.drift import unfit_lines
from functions.metering.heartbeats import read_heartbeats
from functions.metering.log_delivery import LogDelivery, read_delivery
from functions.metering.quarantine import (
    QuarantineObject,
    quarantined_delivery,
    quarantined_lines,
)
from functions.metering.sorting import Sorted
from functions.usage.heartbeat import HEARTBEAT_STREAM
from functions.usage.message import usage_bodies
from functions.usage.moment import iso_from_epoch_ms
from functions.usage.outcome import Excluded, Quarantined

OWN_LOG = "own_log"


class Queue(Protocol):
    """Where usage messages go."""

    def send(self, bodies: Iterable[str]) -> int: ...


class Keeper(Protocol):
    """Where quarantine objects go."""

    def keep(self, objects: Iterable[QuarantineObject]) -> int: ...


class Terms(Protocol):
    """Who knows the configuration to use now."""

    def current(self) -> Configuration: ...


class LogSource(Protocol):
    """Who reads the requests of a delivery."""

    def sort(self, delivery: LogDelivery, configuration: Configuration, now_ms: int) -> Sorted: ...


class Intake:
    """Takes deliveries of one log source."""

    def __init__(
        self,
        *,
        source: LogSource,
        terms: Terms,
        keeper: Keeper,
        queue: Queue,
        telemetry: Telemetry,
        now_ms: Callable[[], int],
    ) -> None:
        self._source = source
        self._terms = terms
        self._keeper = keeper
        self._queue = queue
        self._telemetry = telemetry
        self._now_ms = now_ms

    def take(self, payload: object, own_log_group: str) -> None:
        """Meter one Lambda event. Raises what another try may cure, and nothing else."""
        delivery = read_delivery(payload)
        if isinstance(delivery, Quarantined):
            self._quarantine_whole(payload, delivery)
        elif isinstance(delivery, Excluded):
            self._exclude_whole(delivery.reason)
        elif delivery.log_group == own_log_group:
            # Every delivery would write a log line that makes the next one: a loop that costs.
            self._exclude_whole(OWN_LOG)
        elif delivery.log_stream == HEARTBEAT_STREAM:
            self._pass_on_heartbeats(delivery)
        else:
            self._meter(delivery)

    def _meter(self, delivery: LogDelivery) -> None:
        now_ms = self._now_ms()
        found = self._source.sort(delivery, self._terms.current(), now_ms)
        # 1. Quarantine: durable in S3, under names made of their content. First, because it is the
        # cheaper to repeat: if it fails or we die here, nothing is on the queue, the delivery comes
        # again and writes the same objects over themselves.
        objects = self._keeper.keep(quarantined_lines(delivery, found.quarantined))
        # 2. Usage messages: durable in SQS. If some are sent and we die here, the delivery comes
        # again and sends the same events a second time; their keys make them one at Aforo, in the
        # ledger and in the counters.
        messages = self._queue.send(usage_bodies(found.event_texts, iso_from_epoch_ms(now_ms)))
        # 3. The return: Lambda forgets the delivery. Only counts are lost if we die before it.
        self._count(found)
        self._count_lines(len(delivery.log_events), unfit_lines(found))
        self._report(found, messages=messages, quarantine_objects=objects)

    def _pass_on_heartbeats(self, delivery: LogDelivery) -> None:
        found = read_heartbeats(delivery, self._now_ms())
        sent = self._queue.send(found.bodies)
        self._telemetry.count(HEARTBEAT_METERED, sent)
        self._telemetry.count(HEARTBEAT_REFUSED, found.refused)
        self._telemetry.log.info(
            HEARTBEAT_METERED, messages=sent, refused=found.refused, log_group=delivery.log_group
        )

    def _quarantine_whole(self, payload: object, why: Quarantined) -> None:
        # 1. Durable in S3 before Lambda forgets the delivery; a failure raises, and it comes again.
        self._keeper.keep([quarantined_delivery(payload, why)])
        self._telemetry.count("DeliveriesQuarantined", reason=why.reason)
        self._telemetry.log.error(DELIVERY_QUARANTINED, reason=why.reason, detail=why.detail)

    def _exclude_whole(self, reason: str) -> None:
        self._telemetry.count("DeliveriesExcluded", reason=reason)
        self._telemetry.log.info(METERED, deliveries_excluded=1, reason=reason)

    def _count(self, found: Sorted) -> None:
        count = self._telemetry.count
        count("RequestsBilled", found.billed)
        count("EventsMetered", len(found.event_texts))
        for reason, times in found.excluded.items():
            count("RequestsExcluded", times, reason=reason)
        for reason, times in found.omitted.items():
            count("EventsOmitted", times, reason=reason)
        for reason, times in _reasons(found).items():
            count("RequestsQuarantined", times, reason=reason)
        count("FiguresDropped", found.dropped_figures)
        count("LateRequests", found.late)

    def _count_lines(self, read: int, unfit: int) -> None:
        self._telemetry.count("LinesRead", read)
        self._telemetry.count("LinesUnfit", unfit)
        self._telemetry.share("UnfitShare", unfit, read)

    def _report(self, found: Sorted, *, messages: int, quarantine_objects: int) -> None:
        self._telemetry.log.info(
            METERED,
            requests_billed=found.billed,
            events=len(found.event_texts),
            messages=messages,
            excluded=dict(found.excluded),
            quarantined=dict(_reasons(found)),
            quarantine_objects=quarantine_objects,
        )


def _reasons(found: Sorted) -> Counter[str]:
    return Counter(why.reason for why, _ in found.quarantined)
