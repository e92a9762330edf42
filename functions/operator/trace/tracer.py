"""The lines of one request, or its key alone, come in; all places on its road are asked, in the
order of the road, and what they say leaves.

Guaranteed: nothing is changed anywhere; messages that were received are shown again at once. A
place that cannot be asked is told as such, and never taken for one that has nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from functions.operator.ledger.reading_progress import ReadingProgress
from functions.operator.trace.audited_window import audited_windows, is_audit
from functions.operator.trace.billing_difference import differences
from functions.operator.trace.counter_words import counter_rows
from functions.operator.trace.excluded_words import in_words
from functions.operator.trace.known_keys import known_keys
from functions.operator.trace.ledger_hops import hop_rows, replays_of, rows_of_keys
from functions.operator.trace.logged_request import LoggedRequest
from functions.operator.trace.quarantine_search import WantedLines
from functions.operator.trace.road_of_request import RoadOfRequest
from functions.operator.trace.traced_deployment import TracedDeployment
from functions.operator.trace.traced_request import TracedRequest
from functions.operator.trace.verdict import Known, verdict
from functions.operator.trace.waiting_usage import SeenLetters, seen_letters
from functions.operator.trace.waypoint import PlaceRow, Waypoint, looked
from functions.usage.event import meter_of
from functions.usage.moment import epoch_ms_from_iso
from functions.usage.outcome import Excluded, Quarantined


@dataclass(slots=True)
class Tracer:
    """Of one deployment. `tell` hears what is being asked."""

    deployment: TracedDeployment
    progress: ReadingProgress
    tell: Callable[[str], None]
    _letters_seen: SeenLetters | None = None

    def trace(self, road: RoadOfRequest) -> TracedRequest:
        """Every place that may know of it."""
        # As usage goes: what moves on while we ask is found at the next place.
        kept = self._quarantine(road)
        queue = looked("UsageQueue", "", self._queue)
        aside = self._letters(road)
        ledger = self._ledger(road)
        facts = Known(
            rows=road.rows,
            is_billable=bool(road.events),
            unbilled=road.unbilled,
            letters=aside.rows,
            quarantined=kept.rows,
            waiting=_number(queue),
            age_seconds=self._age_seconds(road),
            not_told=[one.place for one in (kept, queue, aside, ledger) if one.not_told],
            not_settled=[f"{one['quantity']} {meter_of(one)}" for one in road.not_settled],
        )
        return TracedRequest(
            head=road.head(),
            waypoints=(
                Waypoint("log", road.line_rows(), road.not_in_the_log),
                Waypoint("metering", tuple(_metered(road)), "there is no line to meter"),
                looked("configuration", "", lambda: self._configurations(road)),
                kept,
                queue,
                aside,
                ledger,
                looked("replay", "no row names one", lambda: self._replays(road)),
                self._audit(road),
                self._counters(road),
            ),
            differs=tuple(differences(road.rows, road.events, road.outcome)) if road.logged else (),
            verdict=verdict(facts),
        )

    def letters(self) -> SeenLetters:
        """UsageDeadLetterQueue is looked into once, for all requests."""
        if self._letters_seen is None:
            with self.deployment.dead_letters() as dead_letters:
                self._letters_seen = seen_letters(dead_letters)
        return self._letters_seen

    def keys_of(self, logged: Sequence[LoggedRequest]) -> frozenset[str]:
        """Under every configuration that S3 still has."""
        configurations = self.deployment.configurations.each()
        return known_keys(logged, configurations, self.deployment.terms)

    def _ledger(self, road: RoadOfRequest) -> Waypoint:
        self.tell("reading the ledger")

        def look() -> Iterator[PlaceRow]:
            if not road.rows:
                moments = [] if road.at_ms is None else [road.at_ms]
                road.rows = rows_of_keys(self.deployment.ledger, road.keys, moments, self.progress)
            return hop_rows(road.rows)

        bucket = self.deployment.ledger_bucket
        absent = f"searched {len(road.keys)} keys in s3://{bucket}/ledger/"
        return looked("ledger", absent, look)

    def _letters(self, road: RoadOfRequest) -> Waypoint:
        self.tell("looking into UsageDeadLetterQueue")

        absent = "no message that shows holds one of its keys"
        return looked("UsageDeadLetterQueue", absent, lambda: self.letters().with_keys(road.keys))

    def _quarantine(self, road: RoadOfRequest) -> Waypoint:
        self.tell("looking into the quarantine")
        at_ms = road.logged_ms
        if at_ms is None:
            return Waypoint("quarantine", absent="not searched: no line says when it was logged")
        wanted = WantedLines.of(road.log_id, road.log_events())
        return looked(
            "quarantine",
            "no object of its hour, and no whole delivery, holds a line of it",
            lambda: self.deployment.quarantine.holding(wanted, at_ms),
        )

    def _age_seconds(self, road: RoadOfRequest) -> float | None:
        return None if road.at_ms is None else (self.deployment.terms.now_ms - road.at_ms) / 1000

    def _queue(self) -> Iterator[PlaceRow]:
        told = "it cannot be searched: what it holds shows when it is settled"
        yield {"messages": self.deployment.waiting(), "note": told}

    def _configurations(self, road: RoadOfRequest) -> Iterator[PlaceRow]:
        configurations = self.deployment.configurations
        yield configurations.now.row("now", road.at_ms)
        for metered_at in dict.fromkeys(row["meteredAt"] for row in road.rows):
            moment = datetime.fromtimestamp(epoch_ms_from_iso(metered_at) / 1000, UTC)
            then = configurations.at(moment)
            use = f"billed at {metered_at}"
            if then is None:
                yield {"use": use, "note": "older than the versions that were read"}
                continue
            row = then.row(use, road.at_ms)
            if configurations.was_just_changed(moment):
                row["note"] = "put less than a minute before: the one before it may have billed it"
            yield row

    def _replays(self, road: RoadOfRequest) -> Iterator[PlaceRow]:
        bucket = self.deployment.ledger_bucket
        for name in replays_of(road.rows):
            kind = "audit" if is_audit(self.deployment.s3, bucket, name) else "replay"
            yield {"execution": name, "kind": kind}

    def _audit(self, road: RoadOfRequest) -> Waypoint:
        at_ms = road.logged_ms
        if at_ms is None:
            return Waypoint("audit", absent="no line says in which window it is")
        source, bucket = road.logged[0].source.name, self.deployment.ledger_bucket
        return looked(
            "audit",
            f"no record covers it: searched s3://{bucket}/audits/{source}/",
            lambda: audited_windows(self.deployment.s3, bucket, source, at_ms),
        )

    def _counters(self, road: RoadOfRequest) -> Waypoint:
        self.tell("asking the counters")
        return looked(
            "counters",
            "nothing to count",
            lambda: counter_rows(self.deployment.stack, road.counted()),
        )


def _metered(road: RoadOfRequest) -> Iterator[PlaceRow]:
    """What metering makes of it now: an event a row, or why there is none."""
    for one in road.logged:
        for event in one.events:
            yield {
                "outcome": "event",
                "key": event["idempotencyKey"],
                "customerId": event["customerId"],
                "meter": meter_of(event),
                "quantity": event["quantity"],
                "occurredAt": event["occurredAt"],
            }
        billing = one.explained.billing
        if isinstance(billing, Excluded | Quarantined):
            yield {
                "outcome": "quarantined" if isinstance(billing, Quarantined) else "excluded",
                "reason": billing.reason,
                "why": in_words(billing, one.explained.request),
            }


def _number(queue: Waypoint) -> int | None:
    found = queue.rows[0]["messages"] if queue.rows else None
    return found if isinstance(found, int) else None
