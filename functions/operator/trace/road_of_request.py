"""One request as a trace goes along with it: its lines, its keys, and what the ledger says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from functions.operator.trace.counter_words import CountedKey
from functions.operator.trace.excluded_words import in_words
from functions.operator.trace.logged_request import LoggedRequest
from functions.operator.trace.waypoint import PlaceRow
from functions.usage.event import UsageEvent, meter_of
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import epoch_ms_from_iso, iso_from_epoch_ms
from functions.usage.outcome import Quarantined


@dataclass(slots=True)
class RoadOfRequest:
    """A request by its lines in the log (one entry for each log that has it), or by its key alone:
    then `rows` or `at_ms` say when it was.
    """

    logged: Sequence[LoggedRequest]
    keys: frozenset[str]
    not_in_the_log: str = ""
    rows: Sequence[LedgerRow] = ()
    said_at_ms: int | None = None

    @property
    def at_ms(self) -> int | None:
        """When it was made."""
        moments = [one.time_ms for one in self.logged if one.time_ms is not None]
        if not moments and self.rows:
            return epoch_ms_from_iso(self.rows[0]["occurredAt"])
        return min(moments, default=self.said_at_ms)

    @property
    def logged_ms(self) -> int | None:
        return self.logged[0].logged_ms if self.logged else None

    @property
    def events(self) -> list[UsageEvent]:
        """What today's configuration bills of it, each key once."""
        by_key = {one["idempotencyKey"]: one for each in self.logged for one in each.events}
        return list(by_key.values())

    @property
    def not_settled(self) -> list[UsageEvent]:
        """Of these what the ledger has no row of."""
        settled = {row["key"] for row in self.rows}
        return [one for one in self.events if one["idempotencyKey"] not in settled]

    @property
    def outcome(self) -> str:
        return self.logged[0].outcome if self.logged else "no line"

    @property
    def unbilled(self) -> str:
        """Why today's configuration bills nothing of it, in words."""
        if not self.logged or self.events:
            return ""
        billing = self.logged[0].explained.billing
        if isinstance(billing, tuple):
            return ""
        kind = "quarantined" if isinstance(billing, Quarantined) else "excluded"
        words = in_words(billing, self.logged[0].explained.request)
        return f"{kind} ({billing.reason}{'; ' * bool(words)}{words})"

    @property
    def log_id(self) -> str:
        """What API Gateway chose; empty where no line says it."""
        request = self.logged[0].explained.request if self.logged else None
        return (request.extended_request_id if request else None) or ""

    def log_events(self) -> Iterator[Mapping[str, object]]:
        for one in self.logged:
            yield from one.log_events

    def line_rows(self) -> tuple[PlaceRow, ...]:
        return tuple(row for one in self.logged for row in one.line_rows())

    def counted(self) -> Iterator[CountedKey]:
        """The ledger's events, or while it has none those of today's configuration."""
        for row in self.rows:
            yield CountedKey(row["customerId"], row["meter"], row["key"], row["occurredAt"])
        for one in [] if self.rows else self.events:
            meter, key = meter_of(one), one["idempotencyKey"]
            yield CountedKey(one["customerId"], meter, key, one["occurredAt"])

    def head(self) -> dict[str, object]:
        """Who it is."""
        request = self.logged[0].explained.request if self.logged else None
        names = ("request_id", "extended_request_id", "method", "path", "route", "status")
        said = {name: getattr(request, name, None) for name in names}
        return {
            "time": None if self.at_ms is None else iso_from_epoch_ms(self.at_ms),
            "requestId": said["request_id"],
            "extendedRequestId": said["extended_request_id"],
            "asked": " ".join(
                str(one) for one in (said["method"], said["path"] or said["route"]) if one
            ),
            "status": said["status"],
            "keys": sorted({row["key"] for row in self.rows}) or sorted(_keys(self.events)),
        }


def _keys(events: Sequence[UsageEvent]) -> list[str]:
    return [event["idempotencyKey"] for event in events]
