"""The audit's records of a month come in; what became of a customer's requests, and which parts of
the month nobody audited, leave.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from functions.adapters.json_lines import UnreadableObject, blocks, list_names, read_bodies
from functions.audit.equation import Equation, WindowRecord
from functions.audit.window import AUDITS_PREFIX, NamedWindow
from functions.audit.window_store import WindowStore
from functions.operator.statement.calendar_month import CalendarMonth
from functions.operator.statement.chosen_windows import WholeWindow, chosen_windows
from functions.operator.statement.month_progress import MonthProgress
from functions.usage.moment import iso_from_epoch_ms

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

WINDOW_SECONDS = 300
# A window is looked at 10 minutes after its end, every 5: until then it is not missing.
DUE_MS = 15 * 60 * 1000
GAPS_SHOWN = 50


_NOTHING = Equation()


class Gap(NamedTuple):
    """Epoch milliseconds, `to_ms` not included."""

    from_ms: int
    to_ms: int

    def as_json(self) -> list[str]:
        return [iso_from_epoch_ms(self.from_ms), iso_from_epoch_ms(self.to_ms)]


class AuditedSource(NamedTuple):
    """One source in one month. `windows` is how many there should be, of its commonest length."""

    source: str
    window_seconds: int
    windows: int
    not_audited: int
    still_open: int
    gaps: list[Gap]

    def as_json(self) -> dict[str, object]:
        """The first gaps: with many, `notAudited` says more."""
        said = {
            "source": self.source,
            "windowSeconds": self.window_seconds,
            "windows": self.windows,
            "notAudited": self.not_audited,
            "open": self.still_open,
            "gaps": [gap.as_json() for gap in self.gaps[:GAPS_SHOWN]],
        }
        return said | ({"gapsMore": len(self.gaps) - GAPS_SHOWN} if self._has_more() else {})

    def _has_more(self) -> bool:
        return len(self.gaps) > GAPS_SHOWN


class AuditedMonth(NamedTuple):
    """`unnamed` are requests of the same windows that name no customer, whoever made them."""

    requests: Equation
    unnamed: Equation
    sources: list[AuditedSource]


class KeptAudits(NamedTuple):
    """The audits in a ledger's bucket. UnreadableObject names a record that is none."""

    client: "S3Client"
    bucket: str
    progress: MonthProgress

    def of(self, month: CalendarMonth, customer: str, now_ms: int) -> AuditedMonth:
        """Of a month that has not ended: as far as it should be audited by now."""
        sources = WindowStore(self.client, self.bucket).sources()
        chosen = {one: chosen_windows(self._kept(one, month)) for one in sources}
        found = [audited_source(*one, month, now_ms) for one in chosen.items()]
        self.progress.announce(sum(len(one.parts) for some in chosen.values() for one in some))
        requests, unnamed = [_NOTHING], [_NOTHING]
        for record in self._records(one for some in chosen.values() for one in some):
            requests.append(record.customers.get(customer, _NOTHING))
            unnamed.append(record.customers.get("", _NOTHING))
        return AuditedMonth(Equation.sum_of(requests), Equation.sum_of(unnamed), found)

    def _kept(self, source: str, month: CalendarMonth) -> Iterator[NamedWindow]:
        names = list_names(self.client, self.bucket, f"{AUDITS_PREFIX}{source}/{month}-")
        return filter(None, map(NamedWindow.read, names))

    def _records(self, chosen: Iterable[WholeWindow]) -> Iterator[WindowRecord]:
        names = (
            part.window.object_name(closed=part.closed) for one in chosen for part in one.parts
        )
        for name, body in read_bodies(self.client, self.bucket, names):
            self.progress.tell(name)
            try:
                yield WindowRecord.model_validate_json(b"\n".join(blocks(name, body)))
            except ValidationError:
                raise UnreadableObject(name, "no record of an audited window") from None


def audited_source(
    source: str, chosen: list[WholeWindow], month: CalendarMonth, now_ms: int
) -> AuditedSource:
    """What is missing of the month, in windows."""
    lengths = Counter((one.to_ms - one.from_ms) // 1000 for one in chosen)
    seconds = lengths.most_common(1)[0][0] if lengths else WINDOW_SECONDS
    length, start = seconds * 1000, month.start_ms
    until = min(month.end_ms, start + max(0, now_ms - DUE_MS - start) // length * length)
    gaps = list(_gaps(chosen, start, until))
    missing = {
        at
        for gap in gaps
        for at in range((gap.from_ms - start) // length, -(-(gap.to_ms - start) // length))
    }
    return AuditedSource(
        source,
        seconds,
        -(-(until - start) // length),
        len(missing),
        sum(not one.is_closed for one in chosen),
        gaps,
    )


def _gaps(chosen: Iterable[WholeWindow], start: int, until: int) -> Iterator[Gap]:
    reached = start
    for one in chosen:
        if reached < min(one.from_ms, until):
            yield Gap(reached, min(one.from_ms, until))
        reached = max(reached, one.to_ms)
    if reached < until:
        yield Gap(reached, until)
