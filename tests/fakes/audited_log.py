"""A log whose requests a test makes up, what metering would say of each, and who has them: all that
the audit's comparison asks, but for the ledger, which is the real one over a bucket in memory.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from functions.adapters.ledger import Ledger
from functions.adapters.log_events import LogLine
from functions.audit.comparison.comparing import Comparing
from functions.audit.comparison.settled import SettledUsageReader
from functions.audit.log.account import Account, AccountedEvent, BilledRequest, RefusedRequest
from functions.audit.log.log_chunk import Chunk, LogKind
from functions.audit.watched_source import WatchedSource
from functions.audit.window import AuditWindow
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.settled_row import settled_row

DEDUP_WINDOW = timedelta(hours=24)
START_MS = 1_791_014_400_000  # 2026-10-03T08:00Z
WINDOW_MS = 300_000


@dataclass
class LoggedRequest:
    """`events` of a billable one, else a `reason` for which it is excluded or quarantined; `copies`
    of its line are in the log.
    """

    number: int
    at_ms: int
    customer: str = "cus_a"
    events: int = 1
    excluded: str = ""
    quarantined: str = ""
    kept: str = ""  # the quarantine's reason
    copies: int = 1

    @property
    def keys(self) -> list[str]:
        return [f"apigw1-{self.number}-{event}" for event in range(self.events)]

    @property
    def occurred_at(self) -> str:
        return iso_from_epoch_ms(self.at_ms)

    @property
    def lines(self) -> list[LogLine]:
        message = json.dumps({"number": self.number})
        line = {"id": f"{self.number}", "timestamp": self.at_ms, "message": message}
        return [line] * self.copies

    def rows(self, **fields: Any) -> list[LedgerRow]:
        """What the ledger has of it."""
        said = {"customerId": self.customer} | fields
        return [settled_row(key, self.occurred_at, **said) for key in self.keys]


@dataclass
class AuditedLogs:
    """Some groups' requests. `failures`: what a group's reading raises. `clear_until` is the
    road's answer; `asked` counts who was asked what.
    """

    groups: dict[str, list[LoggedRequest]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    failures: dict[str, Exception] = field(default_factory=dict)
    clear_until: datetime = datetime(2100, 1, 1, tzinfo=UTC)
    now: datetime = datetime.fromtimestamp(START_MS / 1000, UTC) + timedelta(minutes=20)
    bucket: FakeBucket = field(default_factory=FakeBucket)
    asked: list[str] = field(default_factory=list)
    chunk_lines: int = 3
    absent: set[str] = field(default_factory=set)

    @property
    def ledger(self) -> Ledger:
        client: Any = self.bucket
        return Ledger(client, "ledger")

    def comparing(self) -> Comparing:
        """Over these logs."""
        settled = SettledUsageReader(self.ledger, DEDUP_WINDOW)
        return Comparing(self, self, settled, self, self.road, lambda: self.now)

    def road(self) -> datetime:
        self.asked.append("road")
        return self.clear_until

    def settle(self, rows: Sequence[LedgerRow], minutes: int = 1) -> None:
        """Written so long after the beginning, by an invocation of its own."""
        moment = datetime.fromtimestamp(START_MS / 1000, UTC) + timedelta(minutes=minutes)
        self.ledger.append(rows, f"{moment:%Y%m%dT%H%M%S}000Z{len(self.bucket.objects)}")

    def chunks(self, log_group: str, window: AuditWindow, kind: LogKind) -> Iterator[Chunk]:
        self.asked.append(f"log {log_group} {kind}")
        if log_group in self.failures:
            raise self.failures[log_group]
        if log_group in self.absent:
            self.gone.add(log_group)
            return
        found = [
            line
            for request in self.groups.get(log_group, [])
            if window.from_ms <= request.at_ms < window.to_ms
            for line in request.lines
        ]
        for some in batched(found, self.chunk_lines, strict=False):
            yield Chunk("stream", some)

    def account(self, log_group: str, chunk: Chunk, _window: AuditWindow) -> Account:
        known = {one.number: one for one in self.groups[log_group]}
        billed, quarantined = list[BilledRequest](), list[RefusedRequest]()
        excluded: dict[str, dict[str, int]] = {}
        for index, line in enumerate(chunk.lines):
            request = known[json.loads(line["message"])["number"]]
            if request.excluded:
                times = excluded.setdefault(request.excluded, {})
                times[request.customer] = times.get(request.customer, 0) + 1
            elif request.quarantined:
                quarantined.append(RefusedRequest(request.quarantined, (index,)))
            else:
                events = tuple(
                    AccountedEvent(key, "api_calls", 1, request.occurred_at) for key in request.keys
                )
                billed.append(BilledRequest(request.customer, (index,), events))
        return Account(chunk, tuple(billed), excluded, tuple(quarantined))

    def of(self, log_group: str, _from_ms: int, _to_ms: int) -> "KeptOfGroup":
        self.asked.append(f"quarantine {log_group}")
        return KeptOfGroup({one.number: one.kept for one in self.groups.get(log_group, [])})


@dataclass
class KeptOfGroup:
    """Reasons by request."""

    reasons: Mapping[int, str]

    def reason_of(self, _log_stream: str, line: LogLine) -> str | None:
        return self.reasons[json.loads(line["message"])["number"]] or None


def audited_source(name: str = "shop", kind: str = "access") -> WatchedSource:
    """Its log group is named like it."""
    return WatchedSource.model_validate({"name": name, "logGroup": name, "kind": kind})


def first_window(source: str = "shop") -> AuditWindow:
    """The five minutes from START_MS on."""
    return AuditWindow(source, START_MS, START_MS + WINDOW_MS)
