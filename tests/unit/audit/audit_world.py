"""The world of an audit in memory: a log, a ledger, metering, UsageQueue and Aforo, with a clock;
and audits of it, round after round, that may be killed before or after each of their effects.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from functions.adapters.json_lines import UnreadableObject
from functions.adapters.ledger import Ledger
from functions.audit.equation import Equation, WindowRecord
from functions.audit.repair.audit_bounds import MOST_CALLS
from functions.audit.repair.audit_order import AuditOrder, AuditPlace
from functions.audit.repair.audit_progress import AuditProgress, AuditTask
from functions.audit.repair.audit_report import AuditReport
from functions.audit.repair.audit_round import AuditOutcome, AuditRound
from functions.audit.repair.bill_difference import BillDifference
from functions.audit.repair.compared_window import MissingEvent
from functions.audit.repair.metered_record import MeteredRecord
from functions.audit.repair.metering_again import MeteredAgain, NotMetered, SentLines
from functions.audit.repair.missing_sender import MissingSender
from functions.audit.repair.run_records import RunRecords
from functions.audit.repair.settlement import SentRequests, sure_ms
from functions.audit.repair.window_repair import WindowRepair
from functions.audit.window import AuditWindow
from functions.usage.moment import DAY_MS, HOUR_MS, iso_from_epoch_ms
from tests.fakes.fuse import Fuse
from tests.fakes.s3_objects import WRITTEN_AT, FakeBucket
from tests.fakes.settled_row import settled_row
from tests.fakes.settling import Crash

NOW_MS = int(WRITTEN_AT.timestamp() * 1000)
WINDOW_SECONDS = 300
DEDUP_WINDOW_MS = DAY_MS
MOST_ROUNDS = MOST_CALLS + 10  # those that die included


class Fate(StrEnum):
    """What became of a request before the audit."""

    CONFIRMED = "confirmed"
    SET_ASIDE = "set aside"
    EXCLUDED = "excluded"
    KEPT = "quarantined and kept"
    UNKEPT = "quarantined and kept nowhere"
    LOST = "lost"
    OLD = "lost, older than the dedup window"
    BEYOND = "lost, older than Aforo takes"
    UNDER_WAY = "under way"


AGE_MS = {Fate.OLD: DAY_MS, Fate.BEYOND: 91 * DAY_MS}


class LoggedRequest(NamedTuple):
    """A request of the log, as the comparison gives one that is missing."""

    customer: str
    log_stream: str
    lines: Sequence[Mapping[str, Any]]
    events: Sequence[MissingEvent]
    reason: str


class Sent(NamedTuple):
    """A message of UsageQueue."""

    at_ms: int
    run_id: str
    events: Sequence[MissingEvent]


class FusedBucket(FakeBucket):
    """Dies before or after an object is put."""

    fuse: Fuse = Fuse()

    def put_object(self, **asked: Any) -> None:
        self.fuse.burn()
        super().put_object(**asked)
        self.fuse.burn()


@dataclass
class AuditWorld:
    """`windows` are the fates of the requests of each; Aforo answers after `down_seconds`."""

    windows: Sequence[Sequence[Fate]]
    down_seconds: int = 0
    now_ms: int = NOW_MS
    bucket: FusedBucket = field(default_factory=FusedBucket)
    queue: list[Sent] = field(default_factory=list)
    quarantine: set[str] = field(default_factory=set)  # messages
    kept: dict[AuditWindow, WindowRecord] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    sent: dict[str, Counter[str]] = field(default_factory=dict)  # keys, or messages, by run
    metering_is_down: bool = False
    unreadable: bool = False  # whatever is compared
    kept_days: int = 0  # what is logged before is gone; 0: it is kept for ever
    crowd: int = 0  # messages of others on UsageQueue

    def __post_init__(self) -> None:
        self.from_ms = NOW_MS - len(self.windows) * WINDOW_SECONDS * 1000 - HOUR_MS
        self.up_ms = NOW_MS + self.down_seconds * 1000
        for number, fates in enumerate(self.windows):
            for index, fate in enumerate(fates):
                if fate is Fate.UNDER_WAY:
                    request = self.request(number, index)
                    self.queue.append(Sent(self.from_ms, "", request.events))
        self.forward()

    def order(self, **changes: object) -> AuditOrder:
        source = {"name": "orders", "logGroup": "/aws/orders", "kind": "access"}
        told = {
            "sources": [source],
            "fromMs": self.from_ms,
            "toMs": self.from_ms + len(self.windows) * WINDOW_SECONDS * 1000,
            "windowSeconds": WINDOW_SECONDS,
        }
        return AuditOrder.model_validate(told | changes)

    def request(self, window: int, index: int) -> LoggedRequest:
        fate = self.windows[window][index]
        at_ms = self.from_ms + window * WINDOW_SECONDS * 1000 + index - AGE_MS.get(fate, 0)
        name = f"{window}-{index}"
        line = {"id": name, "timestamp": at_ms, "message": f"line {name}"}
        when = iso_from_epoch_ms(at_ms)
        events = [(f"{name}-{meter}", meter, 2, when) for meter in ("calls", "bytes")]
        is_refused = fate in {Fate.KEPT, Fate.UNKEPT}
        return LoggedRequest(
            "" if is_refused else "cus_a",
            f"stream-{index % 2}",
            [line],
            [] if is_refused else events,
            "tamper" if is_refused else "",
        )

    def keys(self, *fates: Fate) -> set[str]:
        """The keys of all requests of these fates; of those without events their messages."""
        found: set[str] = set()
        for number, window in enumerate(self.windows):
            for index, fate in enumerate(window):
                if fate in fates:
                    request = self.request(number, index)
                    found |= {event[0] for event in request.events} or {request.lines[0]["message"]}
        return found

    def forward(self) -> None:
        """Aforo takes what waits, if it is up; the forwarder writes the ledger."""
        if self.now_ms < self.up_ms:
            return
        for sent in self.queue:
            rows = [
                settled_row(
                    key,
                    occurred_at,
                    meter=meter,
                    quantity=quantity,
                    **({"replayId": sent.run_id} if sent.run_id else {}),
                )
                for key, meter, quantity, occurred_at in sent.events
            ]
            fuse, self.bucket.fuse = self.bucket.fuse, Fuse()
            Ledger(self.bucket, "ledger").append(rows, f"w{len(self.bucket.objects):06}")  # type: ignore[arg-type]
            self.bucket.fuse = fuse
            self.settled |= {key for key, *_ in sent.events}
        self.queue.clear()

    # What an audit asks.

    def clear_until(self) -> datetime:
        oldest = min((sent.at_ms for sent in self.queue), default=self.now_ms)
        return datetime.fromtimestamp(oldest / 1000, UTC)

    def compare(self, place: AuditPlace) -> "ComparedInMemory":
        self.bucket.fuse.burn()
        if self.unreadable:
            raise UnreadableObject("x" * 400, "torn")
        number = (place.window.from_ms - self.from_ms) // (WINDOW_SECONDS * 1000)
        is_clear = self.clear_until().timestamp() * 1000 >= place.window.to_ms
        terms: Counter[str] = Counter()
        missing: list[LoggedRequest] = []
        for index, fate in enumerate(self._logged(place, number)):
            request = self.request(number, index)
            term = self._term(fate, request)
            if term == "missing":
                missing.append(request)
                term = "unaccounted" if is_clear else "held"
            terms[term] += 1
        equation = Equation.model_validate(
            {
                **{name: terms[name] for name in terms if name not in {"excluded", "quarantined"}},
                "excluded": {"health": terms["excluded"]},
                "quarantined": {"tamper": terms["quarantined"]},
            }
        )
        return ComparedInMemory(self._record(place, equation), missing)

    def _logged(self, place: AuditPlace, number: int) -> Sequence[Fate]:
        is_gone = self.kept_days and place.window.from_ms < self.now_ms - self.kept_days * DAY_MS
        return [] if is_gone else self.windows[number]

    def _term(self, fate: Fate, request: LoggedRequest) -> str:
        if fate is Fate.CONFIRMED or {key for key, *_ in request.events} & self.settled:
            return "confirmed"
        if fate is Fate.KEPT or request.lines[0]["message"] in self.quarantine:
            return "quarantined"
        return {Fate.SET_ASIDE: "setAside", Fate.EXCLUDED: "excluded"}.get(fate, "missing")

    def _record(self, place: AuditPlace, equation: Equation) -> WindowRecord:
        return WindowRecord(
            source=place.source.name,
            logGroup=place.source.log_group,
            start=iso_from_epoch_ms(place.window.from_ms),
            end=iso_from_epoch_ms(place.window.to_ms),
            auditedAt=iso_from_epoch_ms(self.now_ms),
            lines=equation.served,
            equation=equation,
        )

    def read(self, window: AuditWindow) -> WindowRecord | None:
        return self.kept.get(window)

    def keep(self, window: AuditWindow, record: WindowRecord) -> None:
        self.bucket.fuse.burn()
        self.kept[window] = record
        self.bucket.fuse.burn()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_ms / 1000, UTC)


class ComparedInMemory(NamedTuple):
    """As `functions.audit.comparison.comparing` gives it."""

    record: WindowRecord
    missing: list[LoggedRequest]


@dataclass
class WorldMetering:
    """Metering, asked by one run."""

    world: AuditWorld
    run_id: str
    asked: SentLines | None = None

    def payload(self, log_group: str, sent: SentLines) -> bytes:
        assert log_group == "/aws/orders"
        self.asked = sent
        return b""

    def take(self, payload: bytes) -> MeteredAgain:
        self.world.bucket.fuse.burn()
        if self.world.metering_is_down:
            raise NotMetered("KeyError")
        assert self.asked is not None
        book = self.world.sent.setdefault(self.run_id, Counter())
        for request in self.asked.requests:
            if request.events:
                book.update(key for key, *_ in request.events)
                self.world.queue.append(Sent(self.world.now_ms, self.run_id, request.events))
            else:
                book[request.lines[0]["message"]] += 1
                self.world.quarantine.add(request.lines[0]["message"])
        self.world.bucket.fuse.burn()
        return MeteredAgain(billed=len(self.asked.requests), excluded={}, quarantined={})

    def works(self) -> bool:
        return not self.world.metering_is_down


@dataclass
class PlayedAudit:
    """One execution of the state machine. `deaths`: after how many effects each of its first tries
    dies; a try that dies is run again as it was.
    """

    world: AuditWorld
    run_id: str
    order: AuditOrder
    deaths: Sequence[int] = ()
    windows_a_round: int = 3
    trouble: str = ""
    progress: AuditProgress = field(default_factory=AuditProgress)

    def __post_init__(self) -> None:
        self.started_at = self.world.now()

    def run(self) -> AuditProgress:
        """To its end; `trouble` says why it stopped."""
        deaths = list(self.deaths)
        for number in range(MOST_ROUNDS):
            outcome = self.step(number, deaths.pop(0) if deaths else None)
            if outcome in {AuditOutcome.FINISHED, AuditOutcome.STOPPED}:
                return self.progress
        raise AssertionError("it does not come to an end")

    def step(self, number: int = 0, death: int | None = None) -> AuditOutcome | None:
        """One round, and the wait after it; None for one that died."""
        self.world.bucket.fuse = Fuse(death)
        try:
            result = self._round(f"try-{number}").run(self._task())
        except Crash:
            return None
        finally:
            self.world.bucket.fuse = Fuse()
        told = json.loads(json.dumps(result.as_json()))
        self.progress = AuditProgress.model_validate(told["progress"])
        self.trouble = told["trouble"]
        if result.outcome in {AuditOutcome.NEXT, AuditOutcome.WAIT}:
            self.world.now_ms += result.wait_seconds * 1000 + 100
            self.world.forward()
        return result.outcome

    def report(self) -> dict[str, Any]:
        report = AuditReport(self._record, self._difference, RunRecords(self.world))
        return report.write(self._task(), self.world.now())

    @property
    def _record(self) -> MeteredRecord:
        return MeteredRecord(self.world.bucket, "ledger", self.run_id, self.started_at)  # type: ignore[arg-type]

    @property
    def _difference(self) -> BillDifference:
        return BillDifference(self.world.bucket, "ledger", self.run_id, self.started_at)  # type: ignore[arg-type]

    def _task(self) -> AuditTask:
        return AuditTask.model_validate(
            {
                "runId": self.run_id,
                "startedAt": self.started_at.isoformat(),
                "order": json.loads(self.order.model_dump_json(by_alias=True, exclude_none=True)),
                "progress": self.progress.as_json(),
                "trouble": self.trouble,
            }
        )

    def _round(self, try_id: str) -> AuditRound:
        world, record = self.world, self._record
        times = iter(range(self.windows_a_round - 1))
        records = RunRecords(world)
        sender = MissingSender(
            waiting=lambda: world.crowd,
            metering=WorldMetering(world, self.run_id),
            record=record,
            try_id=try_id,
            has_time=lambda: False,
            told=lambda _: None,
        )
        repairs = WindowRepair(
            compare=world.compare,
            clear_until=world.clear_until,
            sender=sender,
            record=record,
            difference=self._difference,
            records=records,
            dedup_window_ms=DEDUP_WINDOW_MS,
            now_ms=lambda: world.now_ms,
        )
        settlement = SentRequests(
            compare=world.compare,
            clear_until=world.clear_until,
            record=record,
            ledger=Ledger(world.bucket, "ledger"),  # type: ignore[arg-type]
            records=records,
            sure_ms=sure_ms(WINDOW_SECONDS),
            now_ms=lambda: world.now_ms,
        )
        return AuditRound(
            repairs=repairs,
            settlement=settlement,
            now_ms=lambda: world.now_ms,
            has_time=lambda: next(times, None) is not None,
        )
