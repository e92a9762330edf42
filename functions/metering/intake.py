"""One log delivery, from its payload to the usage queue and the quarantine.

Guaranteed: when `take` returns, every request of the delivery is an event on the queue, excluded
and counted, or kept in the quarantine. When it raises, the delivery has to come again; taking it
twice gives the same events under the same keys and the same quarantine objects.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from functions.adapters.message_queue import Sender
from functions.adapters.telemetry import (
    DELIVERY_QUARANTINED,
    HEARTBEAT_METERED,
    METERED,
    Telemetry,
)
from functions.metering.configuration.source_declaration import UNDECLARED
from functions.metering.configuration.version import Configuration
from functions.metering.failed_deliveries import FailedDeliveries
from functions.metering.heartbeats import read_heartbeats
from functions.metering.log_delivery import LogDelivery, read_delivery
from functions.metering.metered_again import (
    INCOMPLETE,
    MeteredDelivery,
    Replay,
    as_delivered,
    at_aforo_since,
    is_news,
    reasons_of,
    replay_of,
    to_keep,
    usage_rows,
)
from functions.metering.quarantine import (
    QuarantineObject,
    quarantined_delivery,
    quarantined_lines,
)
from functions.metering.sorting import SortedRequests, unfit_lines
from functions.usage.heartbeat import HEARTBEAT_STREAM
from functions.usage.message import usage_bodies
from functions.usage.metric import Metric
from functions.usage.moment import iso_from_epoch_ms
from functions.usage.outcome import Excluded, Quarantined

OWN_LOG = "own_log"
HEARTBEAT = "heartbeat"


class Keeper(Protocol):
    """Where quarantine objects go."""

    def keep(self, objects: Iterable[QuarantineObject]) -> int: ...


class CurrentConfiguration(Protocol):
    """Who knows the configuration to use now."""

    def current(self) -> Configuration: ...


class LogSource(Protocol):
    """Who reads the requests of a delivery."""

    def sort(
        self, delivery: LogDelivery, configuration: Configuration, now_ms: int
    ) -> SortedRequests: ...


class Intake:
    """Takes deliveries of one log source."""

    def __init__(
        self,
        *,
        source: LogSource,
        terms: CurrentConfiguration,
        keeper: Keeper,
        queue: Sender,
        telemetry: Telemetry,
        now_ms: Callable[[], int],
    ) -> None:
        self._source = source
        self._terms = terms
        self._keeper = keeper
        self._queue = queue
        self._telemetry = telemetry
        self._now_ms = now_ms
        self._failed = FailedDeliveries(queue, now_ms)

    def take(self, payload: object, own_log_group: str) -> MeteredDelivery:
        """Meter one Lambda event. Raises what another try may cure, and nothing else."""
        replay = replay_of(payload)
        delivery = read_delivery(payload)
        if isinstance(delivery, Quarantined):
            return self._quarantine_whole(as_delivered(payload), delivery, replay)
        if isinstance(delivery, Excluded):
            return self._exclude_whole(delivery.reason, replay)
        if delivery.log_group == own_log_group:
            # Every delivery would write a log line that makes the next one: a loop that costs.
            return self._exclude_whole(OWN_LOG, replay)
        if delivery.log_stream == HEARTBEAT_STREAM:
            return self._pass_on_heartbeats(delivery, replay)
        if replay is not None:
            return self._meter_again(delivery, replay)
        try:
            return MeteredDelivery(self._meter(delivery))
        except Exception:
            self._failed.note(delivery)
            raise

    def _meter_again(self, delivery: LogDelivery, replay: Replay) -> MeteredDelivery:
        """The same effects in the same order, or none in a dry run; and what a replay reports."""
        if replay.dry_run:
            now_ms = self._now_ms()
            found = self._source.sort(delivery, self._terms.current(), now_ms)
        else:
            found = self._meter(delivery, replay)
        objects = quarantined_lines(delivery, to_keep(found.quarantined, replay))
        kept = tuple(entry.key for entry in objects)
        return MeteredDelivery(found, kept, usage=usage_rows(found.event_texts))

    def _meter(self, delivery: LogDelivery, replay: Replay | None = None) -> SortedRequests:
        now_ms, configuration = self._now_ms(), self._terms.current()
        found = self._source.sort(delivery, configuration, now_ms)
        # 1. Quarantine: durable in S3, under names made of their content. First, because it is the
        # cheaper to repeat: if it fails or we die here, nothing is on the queue, the delivery comes
        # again and writes the same objects over themselves.
        refused = to_keep(found.quarantined, replay)
        objects = self._keeper.keep(quarantined_lines(delivery, refused))
        # 2. Usage messages: durable in SQS. If some are sent and we die here, the delivery comes
        # again and sends the same events a second time; their keys make them one at Aforo, in the
        # ledger and in the counters.
        replay_id = replay.id if replay else ""
        since = at_aforo_since(found.event_texts, replay)
        messages = self._queue.send(
            usage_bodies(found.event_texts, iso_from_epoch_ms(now_ms), replay_id, since)
        )
        # 3. The return: Lambda forgets the delivery. Only counts are lost if we die before it.
        self._count(found, replay)
        declared = configuration.source_of(delivery.log_group)
        source = declared.name if declared else UNDECLARED
        if replay is None:
            self._count_lines(len(delivery.log_events), unfit_lines(found), source)
        where = "" if declared else delivery.log_group
        self._report(found, where, messages=messages, quarantine_objects=objects)
        return found

    def _pass_on_heartbeats(self, delivery: LogDelivery, replay: Replay | None) -> MeteredDelivery:
        if replay is not None:
            # Younger ones have arrived since: this one says nothing about now.
            return self._exclude_whole(HEARTBEAT, replay)
        # What stops usage stops a heartbeat: no configuration to meter by, or usage of this process
        # that waits, untold. It fails as usage does, and younger ones follow.
        self._terms.current()
        self._failed.tell()
        found = read_heartbeats(delivery, self._now_ms())
        sent = self._queue.send(found.bodies)
        self._telemetry.count(Metric.HEARTBEATS_REFUSED, found.refused)
        self._telemetry.report(
            HEARTBEAT_METERED, messages=sent, refused=found.refused, log_group=delivery.log_group
        )
        return MeteredDelivery()

    def _quarantine_whole(
        self, payload: object, why: Quarantined, replay: Replay | None
    ) -> MeteredDelivery:
        entry = quarantined_delivery(payload, why)
        if replay is None or not replay.dry_run:
            # 1. Durable in S3 before Lambda forgets the delivery; a failure raises, and it comes
            # again.
            self._keeper.keep([entry])
            if is_news(replay):
                self._telemetry.count(Metric.DELIVERIES_QUARANTINED, reason=why.reason)
                self._telemetry.log.error(
                    DELIVERY_QUARANTINED, reason=why.reason, detail=why.detail
                )
        return MeteredDelivery(kept=(entry.key,), quarantined_whole=why.reason)

    def _exclude_whole(self, reason: str, replay: Replay | None) -> MeteredDelivery:
        if replay is None or not replay.dry_run:
            self._telemetry.count(Metric.DELIVERIES_EXCLUDED, reason=reason)
            self._telemetry.report(METERED, deliveries_excluded=1, reason=reason)
        return MeteredDelivery(excluded_whole=reason)

    def _count(self, found: SortedRequests, replay: Replay | None) -> None:
        count = self._telemetry.count
        count(Metric.REQUESTS_BILLED, found.billed)
        count(Metric.EVENTS_METERED, len(found.event_texts))
        for reason, times in found.excluded.items():
            count(Metric.REQUESTS_EXCLUDED, times, reason=reason)
        for reason, times in found.omitted.items():
            count(Metric.EVENTS_OMITTED, times, reason=reason)
        for reason, times in reasons_of(found.quarantined).items():
            if reason != INCOMPLETE:
                count(Metric.REQUESTS_QUARANTINED, times if is_news(replay) else 0, reason=reason)
            elif replay is None:  # nobody need do anything: replay reads it again by itself
                count(Metric.REQUESTS_INCOMPLETE, times)
        count(Metric.LATE_REQUESTS, found.late)

    def _count_lines(self, read: int, unfit: int, source: str) -> None:
        self._telemetry.count(Metric.LINES_READ, read, source=source)
        self._telemetry.count(Metric.LINES_UNFIT, unfit, source=source)
        self._telemetry.share(Metric.UNFIT_SHARE, unfit, read)

    def _report(
        self, found: SortedRequests, undeclared: str, *, messages: int, quarantine_objects: int
    ) -> None:
        self._telemetry.report(
            METERED,
            undeclared_log_group=undeclared,  # the metrics beside it name a declared one
            requests_billed=found.billed,
            events=len(found.event_texts),
            messages=messages,
            excluded=dict(found.excluded),
            quarantined=reasons_of(found.quarantined),
            quarantine_objects=quarantine_objects,
            figures_dropped=found.dropped_figures,
        )
