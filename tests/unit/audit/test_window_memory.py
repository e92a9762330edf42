"""A window's lines are read through, not kept: its memory is that of its keys."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import batched

from functions.adapters.log_events import LogLine
from functions.audit.comparison.comparing import Comparing
from functions.audit.comparison.expected import Expected, KeyState
from functions.audit.log.account import Account, AccountedEvent, BilledRequest
from functions.audit.log.log_chunk import CHUNK_LINES, Chunk, LogKind
from functions.audit.window import AuditWindow
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.audited_log import START_MS, KeptOfGroup, audited_source, first_window

LINE_BYTES = 700


class LongLog:
    """Made while it is read; the ledger has all of it."""

    def __init__(self, lines: int) -> None:
        self.lines = lines
        self.gone: set[str] = set()

    def chunks(self, _group: str, _window: AuditWindow, _kind: LogKind) -> Iterator[Chunk]:
        for numbers in batched(range(self.lines), CHUNK_LINES, strict=False):
            yield Chunk("stream", tuple(map(_line, numbers)))

    def account(self, _group: str, chunk: Chunk, _window: AuditWindow) -> Account:
        at = iso_from_epoch_ms(START_MS)
        return Account(
            chunk,
            tuple(
                BilledRequest("cus_a", (index,), (AccountedEvent(line["id"], "calls", 1, at),))
                for index, line in enumerate(chunk.lines)
            ),
        )

    def strike_out(self, expected: Expected, _not_before_ms: int, _now: datetime) -> None:
        for hour, _ in expected.hours():
            for mark in list(expected.fingerprints(hour)):
                expected.found(mark, KeyState.CONFIRMED)

    def of(self, _group: str, _from_ms: int, _to_ms: int) -> KeptOfGroup:
        return KeptOfGroup({})


def _line(number: int) -> LogLine:
    message = f"{number}".ljust(LINE_BYTES, ".")
    return {"id": f"apigw1-{number:040}", "timestamp": START_MS, "message": message}


def most_bytes(lines: int) -> int:
    """While a window of so many lines is compared."""
    log, now = LongLog(lines), datetime.now(UTC)
    comparing = Comparing(log, log, log, log, lambda: now, lambda: now)
    tracemalloc.start()
    try:
        record = comparing.compare(audited_source(), first_window()).record
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert record.equation.confirmed == record.lines == lines
    return most


def test_100_000_lines_take_their_keys_and_one_chunk() -> None:
    """Eighteen chunks more are some 25 bytes a request more, of 700 that each line has."""
    few, many = most_bytes(2 * CHUNK_LINES), most_bytes(100_000)
    assert many - few <= 40 * (100_000 - 2 * CHUNK_LINES)
