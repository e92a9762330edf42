"""The log events of one delivery that are not in our format, read by what the configuration says of
their log group when they were written.
"""

from functions.metering.access.foreign import UNDECLARED, Found, read_foreign_line
from functions.metering.access.foreign_line import LAMBDA_LOG_GROUPS, NOT_API_GATEWAY
from functions.metering.configuration.access_log_declaration import AccessLogDeclaration
from functions.metering.configuration.version import Configuration
from functions.metering.log_delivery import LogDelivery
from functions.metering.request import Request

_ACCOUNT_DIGITS = 12
# What the event's metadata calls the stamp.
LOG_EVENT = "log_event"


class ForeignDelivery:
    """Reads the lines of `delivery`; `region` is where its log group stands."""

    def __init__(
        self, delivery: LogDelivery, configuration: Configuration, region: str, now_ms: int
    ) -> None:
        self._is_ever_declared = configuration.declares(delivery.log_group)
        self._configuration = configuration
        self._log_group = delivery.log_group
        self._account_id = _account(delivery.owner)
        self._region = region
        self._now_ms = now_ms

    def read_declared(self, line: str, log_event: object) -> Found | None:
        """One line, where the version of the log event's time declares the group; else None: a
        format that was changed for a while is declared for that while, and lines of before and
        after stay ours.
        """
        if not self._is_ever_declared:
            return None
        stamp = _stamp(log_event)
        declaration = self._at(stamp)
        return None if declaration is UNDECLARED else self._read(line, declaration, stamp)

    def read(self, line: str, log_event: object) -> Found:
        """One line. A log event's stamp is its request's start (gateway-logs.md 2.1): the time of a
        line that says none, and what chooses the declaration, also in a replay.
        """
        stamp = _stamp(log_event)
        return self._read(line, self._at(stamp), stamp)

    def _read(self, line: str, declaration: AccessLogDeclaration, stamp: int | None) -> Found:
        if self._log_group.startswith(LAMBDA_LOG_GROUPS):
            return NOT_API_GATEWAY
        found = read_foreign_line(line, declaration, self._account_id, self._region, stamp)
        if stamp is not None and isinstance(found, Request) and _lacks_time(found):
            return found._replace(time_ms=stamp, time_source=LOG_EVENT)
        return found

    def _at(self, stamp: int | None) -> AccessLogDeclaration:
        version = self._configuration.in_force(self._now_ms if stamp is None else stamp)
        return version.access_logs.get(self._log_group, UNDECLARED) if version else UNDECLARED


def _stamp(log_event: object) -> int | None:
    said = log_event.get("timestamp") if isinstance(log_event, dict) else None
    return said if type(said) is int else None


def _lacks_time(request: Request) -> bool:
    """A time that is there and is none is a fault."""
    return request.time_ms is None and request.fault is None


def _account(owner: str) -> str | None:
    is_account = len(owner) == _ACCOUNT_DIGITS and owner.isascii() and owner.isdigit()
    return owner if is_account else None
