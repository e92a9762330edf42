"""The access log as a source: the log events of a delivery come in, sorted requests leave."""

from functions.metering.access_log import read_any_line, read_fields
from functions.metering.billing import AHEAD_MS
from functions.metering.configuration import Configuration
from functions.metering.log_delivery import LogDelivery
from functions.metering.moulds import Cast, Moulds
from functions.metering.request import Request
from functions.metering.sorting import Sorted
from functions.metering.strict_json import read_plain
from functions.usage.outcome import Quarantined

NO_MESSAGE = Quarantined("no_message", "the log event has no text at message")


class AccessLogSource:
    """One line is one request. Keeps moulds from delivery to delivery; they change no result."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._moulds: Moulds | None = None

    def sort(self, delivery: LogDelivery, configuration: Configuration, now_ms: int) -> Sorted:
        """Every log event of `delivery` as one request."""
        result = Sorted(configuration, now_ms)
        moulds = self._moulds_for(configuration, now_ms)
        latest_ms = now_ms + AHEAD_MS
        for log_event in delivery.log_events:
            line = log_event.get("message") if isinstance(log_event, dict) else None
            fields = read_plain(line) if isinstance(line, str) else None
            cast = moulds.cast(fields, latest_ms) if fields is not None and moulds else None
            if isinstance(cast, Cast):
                result.bill(*cast)
            elif cast is not None:
                result.exclude(cast)
            else:
                result.add(self._read(line, fields), log_event)
        return result

    def _read(self, line: object, fields: dict[str, str] | None) -> Request | Quarantined:
        """The long way."""
        if fields is not None:
            return read_fields(fields, self._region)
        return read_any_line(line, self._region) if isinstance(line, str) else NO_MESSAGE

    def _moulds_for(self, configuration: Configuration, now_ms: int) -> Moulds | None:
        """Moulds for the version in force now; older requests, few of them, go the long way."""
        version = configuration.in_force(now_ms)
        if version is None:
            return None
        if self._moulds is None or self._moulds.version is not version:
            until_ms = configuration.next_change(now_ms)
            self._moulds = Moulds(version, until_ms, self._region)
        return self._moulds
