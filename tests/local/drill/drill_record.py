"""What a drill remembers between its start and its check: a file in the local cloud's folder."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.local.drill.before import Before
from tests.local.endpoints import Endpoints

FILE_NAME = "drill.json"


@dataclass(frozen=True, slots=True)
class DrillRecord:
    """Times are epoch seconds."""

    name: str
    cloud: str  # the gateway's URL: a cloud that was started anew knows of no drill
    before: Before
    began: float
    rang: float | None = None
    resolved: float | None = None

    def lasted(self, now: float) -> str:
        """Until it was resolved, or until now."""
        until = self.resolved or now
        after_alarm = f", {until - self.rang:.0f} s after the alarm" if self.rang else ""
        return f"{until - self.began:.0f} s after it began{after_alarm}"

    def write(self, directory: Path) -> None:
        (directory / FILE_NAME).write_text(json.dumps(asdict(self)) + "\n")


def read_record(directory: Path, endpoints: Endpoints) -> DrillRecord | None:
    """The last drill of this cloud."""
    try:
        found = json.loads((directory / FILE_NAME).read_text())
    except FileNotFoundError:
        return None
    if found["cloud"] != endpoints.gateway_url:
        return None
    return DrillRecord(**{**found, "before": Before(**found["before"])})
