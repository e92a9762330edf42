"""One window of a busy access log, made up line by line: metered by metering, settled in a real
ledger over a bucket in memory, some of it lost; and all that the audit's comparison asks.
"""

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any, cast

from functions.adapters.ledger import Ledger
from functions.adapters.telemetry import Telemetry
from functions.audit.comparison.comparing import Comparing
from functions.audit.comparison.kept_lines import KeptLines
from functions.audit.comparison.settled import SettledUsageReader
from functions.audit.equation import Equation
from functions.audit.log.log_pace import LogCall, LogPace
from functions.audit.log.log_window import LogWindows
from functions.audit.log.metering_account import MeteringAccount
from functions.audit.watched_source import WatchedSource
from functions.audit.window import AuditWindow
from functions.metering.configuration.deployed_sources import ConfigurationReader, read_deployed
from functions.metering.intake import Intake
from functions.metering.quarantine import QuarantineBucket
from functions.usage.ledger_row import LedgerRow
from tests.fakes.access_log_lines import (
    LOG_GROUP,
    REQUEST_TIME_MS,
    access_line,
    subscription_payload,
)
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.settled_row import settled_row
from tests.fakes.told import NOW_MS, OWN_LOG_GROUP, AskedMetering

PAGE_LINES = 1_900  # of CloudWatch's 1 MB
DELIVERY_LINES = 1_000
WINDOW_MS = 300_000
FROM_MS = REQUEST_TIME_MS - REQUEST_TIME_MS % WINDOW_MS
STREAMS = 50
CUSTOMERS = 500
# Of each thousand lines, by their last three digits.
MISSING, KEPT = 3, 5
SET_ASIDE, EXCLUDED = range(10, 20), range(20, 50)
SOURCE = WatchedSource.model_validate({"name": "busy", "logGroup": LOG_GROUP, "kind": "access"})
_NUMBER = re.compile(r'"extendedRequestId":"n(\d+)="')
_CONFIGURATION = ConfigurationReader(read_deployed(f"busy=access:{LOG_GROUP}")).default
_TEMPLATES = {
    kind: access_line(
        extendedRequestId="n@N=", requestTimeEpoch="@T", customerId="@C", principalId="@C", **of
    )
    for kind, of in {"billed": {}, "excluded": {"status": "401"}}.items()
}
_NOBODYS = access_line(
    extendedRequestId="n@N=", requestTimeEpoch="@T", customerId="-", principalId="-"
)


@dataclass
class ServedWindow:
    """`lines` of them, each thousand with one that is missing; clients of AWS where it says so."""

    lines: int
    bucket: FakeBucket = field(default_factory=FakeBucket)
    kept: FakeBucket = field(default_factory=FakeBucket)
    metering: AskedMetering = field(default_factory=lambda: AskedMetering(_CONFIGURATION))

    @property
    def window(self) -> AuditWindow:
        return AuditWindow("busy", FROM_MS, FROM_MS + WINDOW_MS)

    def at_ms(self, number: int) -> int:
        return FROM_MS + number * WINDOW_MS // self.lines

    def missing(self) -> set[int]:
        return {number for number in range(self.lines) if number % 1_000 == MISSING}

    def event(self, number: int) -> dict[str, Any]:
        """As the log has it."""
        place, at_ms = number % 1_000, self.at_ms(number)
        text = _TEMPLATES["excluded" if place in EXCLUDED else "billed"]
        if place == KEPT:
            text = _NOBODYS
        message = text.replace("@N", str(number)).replace("@T", str(at_ms))
        message = message.replace("@C", f"cus_{number % CUSTOMERS}")
        return {"id": f"{(at_ms << 144) + number:056}", "timestamp": at_ms, "message": message}

    def served(self) -> Equation:
        """What the audit is to find."""
        times = [0] * 5
        for number in range(self.lines):
            place = number % 1_000
            kinds = (place == MISSING, place == KEPT, place in SET_ASIDE, place in EXCLUDED, True)
            times[kinds.index(True)] += 1
        missing, kept, aside, excluded, confirmed = times
        return Equation(
            confirmed=confirmed,
            setAside=aside,
            excluded={"unauthorized": excluded},
            quarantined={"no_customer": kept},
            unaccounted=missing,
        )

    def settle(self, numbers: Iterable[int] | None = None) -> None:
        """Delivers what is not missing, or what is named, and writes what became of it."""
        lost = self.missing() if numbers is None else set[int]()
        named = range(self.lines) if numbers is None else numbers
        for some in batched(named, DELIVERY_LINES, strict=False):
            events = [self.event(number) for number in some if number not in lost]
            rows = [_row(event) for event in self._metered(events)]
            written = datetime.fromtimestamp(self.at_ms(some[-1]) / 1000 + 2, UTC)
            Ledger(cast("Any", self.bucket), "ledger").append(
                rows, f"{written:%Y%m%dT%H%M%S%f}Z{some[0]}"
            )

    def _metered(self, events: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        self.metering.queue.bodies.clear()
        Intake(
            source=self.metering.source,
            terms=self.metering.terms,
            keeper=QuarantineBucket(cast("Any", self.kept), "kept"),
            queue=self.metering.queue,
            telemetry=Telemetry("metering"),
            now_ms=lambda: NOW_MS,
        ).take(subscription_payload([], logEvents=events), OWN_LOG_GROUP)
        for body in self.metering.queue.bodies:
            yield from json.loads(body)["events"]

    def comparing(self) -> Comparing:
        """Over all of it."""
        client: Any = self
        now = datetime.fromtimestamp(NOW_MS / 1000, UTC)
        return Comparing(
            log=LogWindows(client, LogPace(rates=dict.fromkeys(LogCall, 1e9))),
            metering=MeteringAccount(client, "metering", "123456789012"),
            settled=SettledUsageReader(Ledger(cast("Any", self.bucket), "l"), timedelta(days=1)),
            quarantine=KeptLines(cast("Any", self.kept), "kept"),
            clear_until=lambda: now,
            now=lambda: now,
        )

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        """CloudWatch Logs' client."""
        start = int(asked.get("nextToken", "0"))
        end = min(start + PAGE_LINES, self.lines)
        events = []
        for number in range(start, end):
            event = self.event(number)
            event["eventId"] = event.pop("id")
            events.append({"logStreamName": f"s{number % STREAMS}", **event})
        return {"events": events, **({"nextToken": str(end)} if end < self.lines else {})}

    def invoke(self, **asked: Any) -> dict[str, Any]:
        """Lambda's client, with metering behind it."""
        answer = self.metering.accounting.answer(json.loads(asked["Payload"]), OWN_LOG_GROUP)
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


def number_of(line: Mapping[str, Any]) -> int:
    """Of a line of this log."""
    found = _NUMBER.search(line["message"])
    assert found is not None
    return int(found[1])


def _row(event: Mapping[str, Any]) -> LedgerRow:
    number = int(event["metadata"]["extendedRequestId"].strip("n="))
    aside = {"outcome": "set_aside", "verified": False, "setAsideClass": "config"}
    return settled_row(
        event["idempotencyKey"],
        event["occurredAt"],
        customerId=event["customerId"],
        **(aside if number % 1_000 in SET_ASIDE else {}),
    )
