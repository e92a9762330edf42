"""Keys of an hour come in; what the ledger says of them leaves, however much that is.

Guaranteed: a ledger that cannot be read is told in the log, with the object that is in the way, and
its answer is then not whole: old events wait, and nothing is known of them.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.json_lines import UnreadableObject
from functions.adapters.ledger_lookup import Found
from functions.adapters.telemetry import LEDGER_UNREADABLE, Telemetry

type LookUp = Callable[[str, Collection[str], Callable[[], bool]], Found]


@dataclass(frozen=True, slots=True)
class LookingUp:
    """`ask` is the ledger's own lookup (`functions.adapters.ledger_lookup`)."""

    ask: LookUp
    telemetry: Telemetry

    def look_up(self, hour: str, keys: Collection[str], has_time: Callable[[], bool]) -> Found:
        """`hour` such as `2026-10-02T08`. Raises only what is a bug."""
        try:
            return self.ask(hour, keys, has_time)
        except (BotoCoreError, ClientError, UnreadableObject) as error:
            # S3's own words name the call; the object stands in the note.
            fault = " ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])])
            self.telemetry.log.exception(LEDGER_UNREADABLE, hour=hour, fault=fault)
            return Found([], is_whole=False)
