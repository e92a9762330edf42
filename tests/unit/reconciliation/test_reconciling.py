"""A batch from SettledUsageQueue, over counters in memory: what comes back, what is not begun."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from functions.adapters.telemetry import Telemetry
from functions.reconciliation.heartbeats import ON_ITS_WAY_BACK_MS, HeartbeatReader
from functions.reconciliation.reconciling import CARRYING_OUT_MS, Reconciliation
from functions.usage.errors import Retryable
from functions.usage.moment import epoch_ms_from_iso, iso_from_epoch_ms

if TYPE_CHECKING:
    from functions.reconciliation.command_executor import CommandExecutor
    from functions.reconciliation.counters.rollback import RollbackGuard
    from functions.reconciliation.counters.statements import Watermark
    from functions.reconciliation.counters.usage_counters import CounterBatch, Counters

NOW_MS = epoch_ms_from_iso("2026-11-23T12:34:56Z")


@dataclass
class InMemory:
    """Counters, commands, watermark and rollback guard at once; `is_away` answers nothing."""

    is_away: bool = False
    milliseconds_a_command: int = 0
    now_ms: int = NOW_MS
    carried_out: int = 0
    held_back: list[tuple[int, int]] = field(default_factory=list)
    looked_at: list[str] = field(default_factory=list)

    def settle(self, batches: Sequence["CounterBatch"]) -> list[Retryable]:
        self.looked_at.append("settle")
        return [Retryable("away") for _ in batches]

    def carry_out(self, _command: object) -> bool:
        self.looked_at.append("command")
        self.carried_out += 1
        self.now_ms += self.milliseconds_a_command
        if self.is_away:
            raise Retryable("away")
        return True

    def look(self) -> None:
        self.looked_at.append("rollback")

    def hold_back(self, since_ms: int, until_ms: int) -> None:
        self.held_back.append((since_ms, until_ms))

    def take(self, *bodies: object) -> list[str]:
        """The places of those that come back."""
        telemetry, clock = Telemetry("reconciliation"), lambda: self.now_ms
        reconciliation = Reconciliation(
            counters=cast("Counters", self),
            commands=cast("CommandExecutor", self),
            hearing=HeartbeatReader(cast("Watermark", self), telemetry, clock),
            rollback=cast("RollbackGuard", self),
            telemetry=telemetry,
            horizon=timedelta(days=35),
            clock=clock,
        )
        records = [
            {"messageId": str(place), "body": json.dumps(body)} for place, body in enumerate(bodies)
        ]
        return reconciliation.take(records)


def opening(version: int) -> dict[str, object]:
    return {"kind": "open", "version": version}


def usage(*minutes_ago: int) -> dict[str, object]:
    return {
        "version": 1,
        "settled": [
            {
                "key": f"k{minutes}",
                "customerId": "cust_1",
                "meter": "api_calls",
                "quantity": 1,
                "occurredAt": iso_from_epoch_ms(NOW_MS - minutes * 60_000),
            }
            for minutes in minutes_ago
        ],
    }


def test_the_rollback_is_looked_at_first() -> None:
    """A rebuild's `open` in the same batch must come after a withdrawal, not before it."""
    counters = InMemory()
    counters.take(usage(1), opening(1))
    assert counters.looked_at == ["rollback", "command", "settle"]


def test_what_could_not_be_counted_holds_the_watermark_from_its_oldest_request_on() -> None:
    """All messages come back; the minute of the oldest of their requests says since when the
    counters lack usage.
    """
    counters = InMemory()
    assert counters.take(usage(3, 9), usage(5)) == ["0", "1"]
    (held,) = counters.held_back
    oldest_ms = NOW_MS - 9 * 60_000
    assert held == (oldest_ms - oldest_ms % 60_000, NOW_MS + ON_ITS_WAY_BACK_MS)


def test_counters_that_are_away_are_asked_once_a_batch() -> None:
    """Every further command would only wait for the same server."""
    counters = InMemory(is_away=True)
    assert counters.take(*map(opening, range(1, 20))) == [str(place) for place in range(19)]
    assert counters.carried_out == 1


def test_what_there_is_no_time_for_comes_back() -> None:
    """No command is begun in the second half of the function's time, also while all succeed."""
    counters = InMemory(milliseconds_a_command=CARRYING_OUT_MS // 3)
    assert counters.take(*map(opening, range(1, 7))) == ["3", "4", "5"]
    assert counters.carried_out == 3
