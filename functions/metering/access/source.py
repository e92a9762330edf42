"""The access log as a source: the log events of a delivery come in, sorted requests leave."""

from functions.metering.access.foreign import Found
from functions.metering.access.foreign_delivery import ForeignDelivery
from functions.metering.access.format_v1 import UNKNOWN_FORMAT, read_any_line, read_fields
from functions.metering.billing.decide import AHEAD_MS
from functions.metering.configuration.version import Configuration
from functions.metering.log_delivery import LogDelivery
from functions.metering.moulds import Cast, Moulds
from functions.metering.sorting import SortedRequests
from functions.usage.outcome import Excluded, Quarantined
from functions.usage.strict_json import INVALID, read_plain

NO_MESSAGE = Quarantined("no_message", "the log event has no text at message")


class AccessLogSource:
    """One line is one request. Keeps moulds from delivery to delivery; they change no result."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._moulds: Moulds | None = None

    def sort(
        self, delivery: LogDelivery, configuration: Configuration, now_ms: int
    ) -> SortedRequests:
        """Every log event of `delivery` as one request."""
        result = SortedRequests(configuration, now_ms)
        foreign = ForeignDelivery(delivery, configuration, self._region, now_ms)
        moulds = None if foreign.is_declared else self._moulds_for(configuration, now_ms)
        latest_ms = now_ms + AHEAD_MS
        for log_event in delivery.log_events:
            line = log_event.get("message") if isinstance(log_event, dict) else None
            fields = read_plain(line) if isinstance(line, str) else None
            cast = moulds.cast(fields, latest_ms) if fields is not None and moulds else None
            if isinstance(cast, Cast):
                result.bill(*cast)
                continue
            found = cast or self.read(line, fields, log_event, foreign)
            if isinstance(found, Excluded):
                result.exclude(found)
            else:
                result.add(found, log_event)
        return result

    def read(
        self,
        line: object,
        fields: dict[str, str] | None,
        log_event: object,
        foreign: ForeignDelivery,
    ) -> Found:
        """The long way: what one line says. `fields` are those of a plain line."""
        if not isinstance(line, str):
            return NO_MESSAGE
        if foreign.is_declared:
            return foreign.read(line, log_event)
        found = (
            read_any_line(line, self._region)
            if fields is None
            else read_fields(fields, self._region)
        )
        if found is UNKNOWN_FORMAT or found is INVALID:
            return foreign.read(line, log_event)
        return found

    def _moulds_for(self, configuration: Configuration, now_ms: int) -> Moulds | None:
        """Moulds for the version in force now; older requests, few of them, go the long way."""
        version = configuration.in_force(now_ms)
        if version is None:
            return None
        if self._moulds is None or self._moulds.version is not version:
            until_ms = configuration.next_change(now_ms)
            self._moulds = Moulds(version, until_ms, self._region)
        return self._moulds
