"""One log event as a person's file holds it: its text, and what the file says beside it."""

from typing import NamedTuple

from functions.metering.log_delivery import LogDelivery


class LogRecord(NamedTuple):
    """`message` as CloudWatch Logs has it; empty or None is what the file does not say."""

    message: object
    timestamp: int | None = None  # epoch milliseconds
    event_id: str | None = None
    log_stream: str = ""
    log_group: str = ""
    owner: str = ""

    def log_event(self) -> dict[str, object]:
        """As a delivery holds it; what is not known is not there."""
        said = {"timestamp": self.timestamp, "id": self.event_id}
        known: dict[str, object] = {
            name: value for name, value in said.items() if value is not None
        }
        return known | {"message": self.message}


# A subscription payload among the lines is a delivery already.
type Read = LogRecord | LogDelivery
