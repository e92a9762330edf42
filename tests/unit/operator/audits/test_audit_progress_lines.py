"""What a person sees of an audit that runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from functions.audit.repair import audit_bounds
from functions.audit.repair.audit_progress import AuditProgress
from functions.audit.repair.repair_limits import RepairFate
from functions.operator.audits.audit_progress_lines import (
    POLL_SECONDS,
    ROUND,
    START,
    WAITED_FOR,
    progress_line,
    progress_lines,
)
from tests.statemachine.definition import AUDIT, states
from tests.unit.audit.audit_world import AuditWorld, Fate

ORDER = AuditWorld([[Fate.CONFIRMED]] * 3).order()


@dataclass
class PlayedRuns:
    """An execution whose state is what each look finds; it ends with the last."""

    looks: list[AuditProgress | None]
    now: float = 0
    asked: list[str] = field(default_factory=list)

    def is_running(self, _arn: str) -> bool:
        self._look = self.looks.pop(0)
        return bool(self.looks)

    def left_state(self, _arn: str, state: str, *, is_first: bool = False) -> Mapping[str, Any]:
        self.asked.append(state)
        if self._look is None:
            return {}
        if state == START:
            assert is_first
            return {"outcome": "start", "order": ORDER.model_dump(mode="json", by_alias=True)}
        return {"outcome": "next", "progress": self._look.as_json()}

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def lines(*looks: AuditProgress | None) -> tuple[list[str], PlayedRuns]:
    runs = PlayedRuns([*looks])
    told = list(progress_lines(cast("Any", runs), "arn", runs.sleep, lambda: runs.now))
    return told, runs


def test_each_change_is_a_line() -> None:
    """Until it ends; looked for each two seconds."""
    found = AuditProgress(
        place=2, lines=1_500, requests={RepairFate.METERED_AGAIN: 3, RepairFate.TOO_OLD: 1}
    )
    repaired = found.but(place=3, events=3).waiting(audit_bounds.LEDGER, 20)
    waiting = "waits for the ledger to have what was metered again, 20 s so far"
    told, runs = lines(None, None, AuditProgress(), found, found, repaired)
    assert told == [
        "it starts",
        "0 of 3 windows; lines: 0; requests missing: 0",
        "2 of 3 windows; lines: 1,500; requests missing: 4",
        "3 of 3 windows; lines: 1,500; requests missing: 4; events metered again: 3; " + waiting,
    ]
    assert runs.now == 5 * POLL_SECONDS
    assert runs.asked.count(START) == 3


def test_what_does_not_change_is_said_again_now_and_then() -> None:
    """With how long it has been watched."""
    told, _ = lines(*[AuditProgress()] * 12)
    line = "0 of 3 windows; lines: 0; requests missing: 0"
    assert told == [line, f"{line} ... 10 s", f"{line} ... 20 s"]


def test_an_export_has_files() -> None:
    """Not windows."""
    order = ORDER.model_copy(update={"export": {"bucket": "b", "prefix": ""}, "parts": 7})
    assert progress_line(order, AuditProgress(place=2)).startswith("2 of 7 files; ")


def test_its_words_are_those_of_the_machine() -> None:
    """The states that are looked at, and everything that a round may wait for."""
    assert {START, ROUND} <= states(AUDIT).keys()
    waits = {audit_bounds.ROAD, audit_bounds.QUEUE, audit_bounds.LEDGER, audit_bounds.RETRY}
    assert WAITED_FOR.keys() == waits
