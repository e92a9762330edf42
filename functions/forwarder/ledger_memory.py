"""Whether the ledger was there at a time: if not, that it lacks an event says nothing of the event.

A stack that was made again with a new ledger would take all that the old one billed for usage that
was never sent (docs/explanation/decisions/0003-doubt.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.json_lines import UnreadableObject
from functions.adapters.telemetry import LEDGER_UNREADABLE, Telemetry

# An empty ledger is looked at again: it may have begun since.
LOOK_AGAIN_SECONDS = 60.0


@dataclass(slots=True)
class LedgerMemory:
    """What its process knows; `ask` is `LedgerBeginning.moment`, `clock` counts seconds."""

    ask: Callable[[], datetime | None]
    telemetry: Telemetry
    clock: Callable[[], float]
    _began_ms: float | None = None
    _looked_at: float | None = None

    def reaches(self, occurred_ms: int) -> bool | None:
        """Whether an event of that time would be in it, had it been settled. None: nobody can say
        now. Raises only what is a bug.
        """
        if self._began_ms is None and not self._is_fresh():
            try:
                moment = self.ask()
            except (BotoCoreError, ClientError, UnreadableObject) as error:
                fault = f"{type(error).__name__}: {error}"
                self.telemetry.log.exception(LEDGER_UNREADABLE, fault=fault)
                return None
            self._looked_at = self.clock()
            self._began_ms = moment.timestamp() * 1000 if moment else None
        return self._began_ms is not None and occurred_ms >= self._began_ms

    def _is_fresh(self) -> bool:
        return self._looked_at is not None and self.clock() - self._looked_at < LOOK_AGAIN_SECONDS
