"""The repair: hours that are due come in, what the ledger has of them goes to SettledUsageQueue as
close commands. It runs outside the VPC: only reconciliation writes to the counters.

Asked without hours it takes those whose turn it is (due_hours.py); `{"hours": ["2026-10-02T08"]}`
asks for some. It may be called as often as anybody likes, and twice at the same time.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.aws import s3_client, sqs_client
from functions.adapters.json_lines import UnreadableObject
from functions.adapters.ledger import Ledger
from functions.adapters.ledger_beginning import LedgerBeginning
from functions.adapters.message_queue import MessageQueue
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import LEDGER_UNREADABLE, Telemetry
from functions.reconciliation.compacting import Compacting
from functions.reconciliation.due_hours import due_hours, is_over
from functions.reconciliation.kept_sums import KeptSums
from functions.reconciliation.ledger_hours import HoursRead, SumHour, hour_text, read_hours
from functions.reconciliation.settings import RepairSettings
from functions.reconciliation.summed_hours import SummedHours
from functions.usage.errors import Permanent
from functions.usage.metric import Metric
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

REPAIRED = "hours.repaired"
NOT_COMPACTED = "hour.not_compacted"
BEGINNING_NOT_MARKED = "ledger.beginning_not_marked"
# A million rows take 7 s of CPU, and their objects a round trip each: most hours are read in less,
# and what is left has its turn again.
RESERVE_MS = 120_000

# Aforo's dedup window: before it nobody looks an event up, and until then usage still comes late.
COMPACTED_AFTER_MS = 24 * HOUR_MS

_HOUR = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}")


class Asked(TypedDict, total=False):
    """The input. Hours are ISO times up to the hour, UTC."""

    hours: Sequence[str]


class Repaired(NamedTuple):
    """What one run did; `left` are the hours that it had no time for or could not read."""

    hours: int
    commands: int
    units: int
    left: list[str]


class Repair(NamedTuple):
    """The repair, wired. `clock` gives epoch milliseconds."""

    sum_up: SumHour
    compact: Callable[[int], bool]  # of `Compacting`
    send: Callable[[Iterable[str]], int]
    telemetry: Telemetry
    clock: Callable[[], int]

    def run(self, hours: Sequence[int], remaining_ms: Callable[[], int]) -> Repaired:
        """Close hours by what the ledger has, one after the other: each is in force when sent."""
        commands = units = 0
        left: list[str] = []
        for hour in hours:
            found = self._read(hour) if remaining_ms() >= RESERVE_MS else None
            if found is None:
                left.append(hour_text(hour))
                continue
            bodies = [one.model_dump_json(by_alias=True) for one in found.commands()]
            commands += self.send(bodies)
            units += found.units
            if self._may_be_compacted(hour) and remaining_ms() >= RESERVE_MS:
                self._compact(hour)
        self.telemetry.count(Metric.HOURS_NOT_REPAIRED, len(left))
        return Repaired(len(hours) - len(left), commands, units, left)

    def _may_be_compacted(self, hour: int) -> bool:
        return self.clock() - (hour + 1) * HOUR_MS >= COMPACTED_AFTER_MS

    def _compact(self, hour: int) -> None:
        try:
            self.compact(hour)
        except (BotoCoreError, ClientError, UnreadableObject, OSError) as error:
            # The ledger's own objects are read meanwhile; its next turn tries again.
            fault = f"{type(error).__name__}: {error}"[:500]
            self.telemetry.log.exception(NOT_COMPACTED, hour=hour_text(hour), fault=fault)

    def _read(self, hour: int) -> HoursRead | None:
        try:
            return read_hours([hour], self.sum_up, self.clock)
        except (BotoCoreError, ClientError, UnreadableObject) as error:
            # The other hours do not wait for it.
            fault = f"{type(error).__name__}: {error}"[:500]
            self.telemetry.log.exception(LEDGER_UNREADABLE, hour=hour_text(hour), fault=fault)
            return None


def handler(asked: Asked, context: "LambdaContext") -> Mapping[str, object]:
    """AWS Lambda's entry point."""
    wired = _wired()
    now_ms = wired.repair.clock()
    hours = hours_asked(asked.get("hours"), now_ms) or list(due_hours(now_ms, wired.horizon_days))
    try:
        repaired = wired.repair.run(hours, context.get_remaining_time_in_millis)
        wired.telemetry.report(REPAIRED, **repaired._asdict())
    finally:
        wired.telemetry.flush()
    return repaired._asdict()


def hours_asked(texts: Sequence[str] | None, now_ms: int) -> list[int]:
    """The epoch hours that were asked for. Permanent names one that cannot be closed."""
    hours = []
    for text in texts or ():
        if not _HOUR.fullmatch(text):
            raise Permanent(f"hours: {text!r} is no hour: write it as 2026-10-02T08 (UTC)")
        hour = epoch_ms_from_iso(f"{text}:00Z") // HOUR_MS
        if not is_over(hour, now_ms):
            raise Permanent(f"hours: {text} is not over for 15 minutes: it cannot be closed yet")
        hours.append(hour)
    return hours


class Wired(NamedTuple):
    """What lives as long as the process."""

    repair: Repair
    telemetry: Telemetry
    horizon_days: int


def _mark_beginning(beginning: LedgerBeginning, telemetry: Telemetry) -> None:
    """Once per process: who runs every 5 minutes from the first deploy on is there before usage."""
    try:
        beginning.mark(datetime.now(UTC))
    except (BotoCoreError, ClientError) as error:
        # Without it the ledger's first writers tell when it began, which is later.
        telemetry.log.warning(BEGINNING_NOT_MARKED, fault=str(error))


@cache
def _wired() -> Wired:
    settings = read_settings(RepairSettings)
    telemetry = Telemetry("repair")
    s3, bucket = s3_client(), settings.ledger_bucket
    _mark_beginning(LedgerBeginning(s3, bucket), telemetry)
    repair = Repair(
        sum_up=SummedHours(Ledger(s3, bucket), KeptSums(s3, bucket)).totals_kept,
        compact=Compacting(s3, bucket, lambda: datetime.now(UTC)).compact,
        send=MessageQueue(sqs_client(), settings.settled_usage_queue_url).send,
        telemetry=telemetry,
        clock=lambda: time.time_ns() // 1_000_000,
    )
    return Wired(repair, telemetry, settings.mark_horizon_days)
