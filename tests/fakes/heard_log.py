"""A log that keeps what is said, and a telemetry that says it there."""

from dataclasses import dataclass, field

from functions.adapters.telemetry import Telemetry


@dataclass
class HeardLog:
    """`lines`: the level, what happened, and the fields of each."""

    lines: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def info(self, said: str, **fields: object) -> None:
        self.lines.append(("info", said, fields))

    def warning(self, said: str, **fields: object) -> None:
        self.lines.append(("warning", said, fields))

    def error(self, said: str, **fields: object) -> None:
        self.lines.append(("error", said, fields))


def heard_telemetry(service: str = "forwarder") -> tuple[Telemetry, HeardLog]:
    """Both ends of it."""
    telemetry, log = Telemetry(service), HeardLog()
    telemetry.log = log  # type: ignore[assignment]
    return telemetry, log
