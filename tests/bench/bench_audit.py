"""What counting a log line takes, part by part: `python -m tests.bench.bench_audit`.

CPU of this process alone, a line or a row. The reference is what metering takes of the same lines
when they are delivered, without the send. "account" is metering's part, in its own function; the
rest is the count's. "strike out" is a row of the ledger.
"""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from functions.adapters.ledger import Ledger
from functions.adapters.quarantined_object import subscription_payload
from functions.audit.comparison.expected import Expected
from functions.audit.comparison.settled import SettledUsageReader
from functions.audit.log.account import Account
from functions.audit.log.log_chunk import Chunk
from functions.audit.log.log_pace import LogCall, LogPace
from functions.audit.log.log_window import LogWindows
from functions.audit.log.metering_account import MeteringAccount
from functions.metering.configuration.document_reading import default_configuration
from functions.metering.declared_source import DeclaredSource
from functions.metering.log_delivery import LogDelivery, read_delivery
from functions.usage.message import usage_bodies
from tests.bench.alone import run_alone
from tests.bench.figure import Figure, figures_of
from tests.bench.rounds import Round, Scale, cpu_us, in_turns
from tests.fakes.access_log_lines import LOG_GROUP, REGION
from tests.fakes.served_window import ServedWindow
from tests.fakes.told import NOW_MS, OWN_LOG_GROUP

STAGE, UNIT = "audit", "us a line"
LINES, ROUNDS = 5_000, 9
METERED, COUNTED = "the line metered", "the line counted"
PAGE_LINES = 1_900


class AuditedWindow:
    """One window, and each part of its audit by itself."""

    def __init__(self, lines: int) -> None:
        self.served = ServedWindow(lines)
        self.served.settle()
        self.source = DeclaredSource(REGION)
        page = self.served.filter_log_events
        self.pages = [page(nextToken=str(at)) for at in range(0, lines, PAGE_LINES)]
        client: Any = self
        pace = LogPace(rates=dict.fromkeys(LogCall, 1e9))
        self.log = LogWindows(client, pace)
        self.chunk = next(self.log.chunks(LOG_GROUP, self.served.window, "access"))
        self.metering = MeteringAccount(client, "metering", "123456789012")
        self.answer: bytes = b""
        self.asked = self._asked(self.chunk)
        self.answer = json.dumps(self._answered()).encode()
        self.account = self.ask()
        self.settled = SettledUsageReader(
            Ledger(cast("Any", self.served.bucket), "ledger"), timedelta(days=1)
        )

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        """Pages that are there already."""
        return self.pages[int(asked.get("nextToken", "0")) // PAGE_LINES]

    def invoke(self, **_: Any) -> dict[str, Any]:
        """Metering's answer, without metering."""
        return {"Payload": _Answer(self.answer)}

    def meter(self) -> None:
        delivery = read_delivery(self.asked)
        assert isinstance(delivery, LogDelivery)
        result = self.source.sort(delivery, default_configuration(), NOW_MS)
        list(usage_bodies(result.event_texts, "2026-07-20T02:00:00.000Z"))

    def read(self) -> None:
        for _ in self.log.chunks(LOG_GROUP, self.served.window, "access"):
            pass

    def ask(self) -> Account:
        return self.metering.account(LOG_GROUP, self.chunk, self.served.window)

    def account_for(self) -> None:
        self._answered()

    def keep(self) -> Expected:
        expected = Expected()
        for customer, _, events in self.account.billed:
            keys = [event.key for event in events]
            expected.add(customer, keys, events[0].occurred_at)
        return expected

    def keep_and_strike(self) -> None:
        now = datetime.fromtimestamp(NOW_MS / 1000, UTC)
        self.settled.strike_out(self.keep(), self.served.window.from_ms, now)

    def _asked(self, chunk: Chunk) -> dict[str, Any]:
        place = {"owner": "123456789012", "logGroup": LOG_GROUP, "logStream": chunk.log_stream}
        return dict(subscription_payload(place, chunk.lines))

    def _answered(self) -> dict[str, object]:
        window = self.served.window
        audit = {"fromMs": window.from_ms, "toMs": window.to_ms}
        asked = {**self.asked, "audit": audit}
        return self.served.metering.accounting.answer(asked, OWN_LOG_GROUP)

    @property
    def parts(self) -> dict[str, Callable[[], object]]:
        return {
            METERED: self.meter,
            "account": self.account_for,
            "read the log": self.read,
            "ask, and read the answer": self.ask,
            "keep keys": self.keep,
            "keep keys and strike out": self.keep_and_strike,
        }


class _Answer:
    def __init__(self, body: bytes) -> None:
        self.read = lambda: body


def figures(scale: Scale) -> Iterator[Figure]:
    logging.disable(logging.CRITICAL)
    lines = scale.count(LINES, 1_000)
    window = AuditedWindow(lines)
    works = {name: cpu_us(part, lines) for name, part in window.parts.items()}
    rounds = [_with_whole(one) for one in in_turns(works, scale, ROUNDS)]
    yield from figures_of(STAGE, lines, UNIT, rounds, METERED)


def _with_whole(one: Round) -> Round:
    twice = ("keep keys", METERED)  # the last part has its own keeping
    return {**one, COUNTED: sum(micros for name, micros in one.items() if name not in twice)}


if __name__ == "__main__":
    run_alone(figures, __doc__)
