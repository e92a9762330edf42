"""What missing requests would add to the bill: requests come in; sums by customer, meter and day of
the request leave. Kept in S3 a window at a time, since an audit may have more of them than a state
holds: `audit-runs/<run>/difference/<place>.json.gz`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from typing import TYPE_CHECKING, TypedDict

from pydantic import TypeAdapter

from functions.adapters.json_lines import put_lines, read_lines
from functions.audit.repair.compared_window import Missing, MissingEvent
from functions.audit.repair.metered_record import RUNS_PREFIX, written_since
from functions.audit.repair.repair_limits import RepairFate

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_MANY_DIGITS = Context(prec=1_000)  # of any two numbers of JSON


class DifferenceLine(TypedDict):
    """One customer, meter and day (UTC, of the request)."""

    customerId: str
    meter: str
    day: str
    events: int
    quantity: int | float


class _KeptLine(DifferenceLine):
    why: RepairFate


_KEPT_LINE = TypeAdapter(_KeptLine)


@dataclass(frozen=True, slots=True)
class BillDifference:
    """Of one run of the state machine."""

    client: "S3Client"
    bucket: str
    run_id: str
    started_at: datetime

    def put(self, place: int, found: Mapping[RepairFate, Sequence[Missing]]) -> None:
        """A second time puts the same in its place."""
        kept = [
            {**line, "why": why}
            for why, requests in found.items()
            for line in summed((one.customer, one.events) for one in requests)
        ]
        if kept:
            put_lines(self.client, self.bucket, f"{self._prefix}{place:08}.json.gz", kept)

    def lines(self) -> dict[RepairFate, list[DifferenceLine]]:
        """Of all windows, by what is done about it."""
        kept: dict[RepairFate, list[_KeptLine]] = defaultdict(list)
        since = written_since(self.started_at)
        for line in read_lines(self.client, self.bucket, self._prefix, since):
            if line:
                row = _KEPT_LINE.validate_json(line)
                kept[row["why"]].append(row)
        return {why: added(lines) for why, lines in kept.items()}

    @property
    def _prefix(self) -> str:
        return f"{RUNS_PREFIX}{self.run_id}/difference/"


def summed(requests: Iterable[tuple[str, Iterable[MissingEvent]]]) -> list[DifferenceLine]:
    """Of customers and the events that they would pay."""
    return added(_lines(requests))


def added(lines: Iterable[DifferenceLine]) -> list[DifferenceLine]:
    """One line for each customer, meter and day, in that order."""
    total: dict[tuple[str, str, str], DifferenceLine] = {}
    for line in lines:
        place = line["customerId"], line["meter"], line["day"]
        known = total.get(place)
        total[place] = {
            "customerId": line["customerId"],
            "meter": line["meter"],
            "day": line["day"],
            "events": line["events"] + (known["events"] if known else 0),
            "quantity": _sum(line["quantity"], known["quantity"]) if known else line["quantity"],
        }
    return [total[place] for place in sorted(total)]


def _lines(requests: Iterable[tuple[str, Iterable[MissingEvent]]]) -> Iterator[DifferenceLine]:
    for customer, events in requests:
        for _, meter, quantity, occurred_at in events:
            yield {
                "customerId": customer,
                "meter": meter,
                "day": occurred_at[:10],
                "events": 1,
                "quantity": quantity,
            }


def _sum(one: float, other: float) -> int | float:
    """Three times 0.1 is 0.3 on a bill."""
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    return float(_MANY_DIGITS.add(Decimal(str(one)), Decimal(str(other))))
