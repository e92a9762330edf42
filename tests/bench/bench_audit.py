"""What counting a log line costs, in one run: `python -m tests.bench.bench_audit [lines]`.

CPU of this process alone, a line or a row; best of several runs that take turns. The unit is what
metering takes of the same lines when they are delivered, without the send. "account" is metering's
part, in its own function; the rest is the count's. "strike out" is a row of the ledger.
"""

import json
import logging
import sys
import time
from collections.abc import Callable
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
from functions.metering.access.source import AccessLogSource
from tests.bench.bench_metering import bodies
from tests.fakes.access_log_lines import LOG_GROUP, REGION
from tests.fakes.served_window import ServedWindow
from tests.fakes.told import NOW_MS, OWN_LOG_GROUP

LINES, RUNS = 5_000, 7
# Measured 2.55, of which metering has 1.53 in its own function.
MOST_RATIO = 3.5
WHAT = (
    "metering",
    "account",
    "read the log",
    "ask, and read the answer",
    "keep keys",
    "strike out",
)


class Bench:
    """One window; each part by itself."""

    def __init__(self, lines: int) -> None:
        self.served = ServedWindow(lines)
        self.served.settle()
        self.source = AccessLogSource(REGION)
        page = self.served.filter_log_events
        self.pages = [page(nextToken=str(at)) for at in range(0, lines, 1_900)]
        client: Any = self
        pace = LogPace(rates=dict.fromkeys(LogCall, 1e9))
        self.log = LogWindows(client, pace)
        self.chunk = next(self.log.chunks(LOG_GROUP, self.served.window, "access"))
        self.metering = MeteringAccount(client, "metering", "123456789012")
        self.answer: bytes = b""
        self.asked = self._asked(self.chunk)
        self.answer = json.dumps(self._answered()).encode()
        self.account = self.ask()
        self.expected = self.keep()
        self.settled = SettledUsageReader(
            Ledger(cast("Any", self.served.bucket), "ledger"), timedelta(days=1)
        )

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        """Pages that are there already."""
        return self.pages[int(asked.get("nextToken", "0")) // 1_900]

    def invoke(self, **_: Any) -> dict[str, Any]:
        """Metering's answer, without metering."""
        return {"Payload": _Answer(self.answer)}

    def meter(self) -> None:
        bodies(self.source, self.asked, NOW_MS)

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

    def strike(self) -> None:
        now = datetime.fromtimestamp(NOW_MS / 1000, UTC)
        self.settled.strike_out(self.expected, self.served.window.from_ms, now)

    def _asked(self, chunk: Chunk) -> dict[str, Any]:
        place = {"owner": "123456789012", "logGroup": LOG_GROUP, "logStream": chunk.log_stream}
        return dict(subscription_payload(place, chunk.lines))

    def _answered(self) -> dict[str, object]:
        window = self.served.window
        audit = {"fromMs": window.from_ms, "toMs": window.to_ms}
        asked = {**self.asked, "audit": audit}
        return self.served.metering.accounting.answer(asked, OWN_LOG_GROUP)

    @property
    def works(self) -> list[Callable[[], object]]:
        return [self.meter, self.account_for, self.read, self.ask, self.keep, self.strike]


class _Answer:
    def __init__(self, body: bytes) -> None:
        self.read = lambda: body


def main() -> int:
    lines = min(int(sys.argv[1]) if len(sys.argv) > 1 else LINES, LINES)
    logging.disable(logging.CRITICAL)
    bench = Bench(lines)
    best = [float("inf")] * len(WHAT)
    for _ in range(RUNS):
        bench.expected = bench.keep()
        for at, work in enumerate(bench.works):
            began = time.process_time()
            work()
            best[at] = min(best[at], (time.process_time() - began) / lines * 1e6)
    unit = best[0]
    for what, micros in zip(WHAT, best, strict=True):
        print(f"{what:<26}{micros:6.2f} us  {micros / unit:.2f} x")
    whole = sum(best[1:])
    print(f"{'a line counted':<26}{whole:6.2f} us  {whole / unit:.2f} x")
    is_good = whole <= MOST_RATIO * unit
    print("good" if is_good else f"more than {MOST_RATIO} x")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
