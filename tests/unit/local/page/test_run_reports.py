"""The newest run of a state machine, as the local page tells it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from functions.operator.executions.machine_runs import MachineRuns, RunEnd, RunKind
from functions.operator.replays.running_replay import REPLAY
from functions.usage.errors import Permanent
from tests.local.page.run_reports import LastRun, replay_report

AT = "2026-11-29T18:00:00.000Z"
REPORT = {
    "dryRun": False,
    "source": "usage",
    "messages": {"waitingAtStart": 3, "moved": 2, "waitingNow": 1},
    "events": {"sent": 1200, "stillFailing": 1},
    "trouble": None,
}
QUIET = RunEnd("SUCCEEDED", {"outcome": "nothing_to_replay", "order": {"quiet": True}}, "", "")
DONE = RunEnd("SUCCEEDED", {"report": REPORT}, "", "")


@dataclass
class Runs:
    """A state machine's executions, newest first; None: it runs."""

    ends: dict[str, RunEnd | None]
    asked: list[str] = field(default_factory=list)
    kind: RunKind = REPLAY

    def rows(self, most: int) -> Iterator[dict[str, object]]:
        for name, end in list(self.ends.items())[:most]:
            status = end.status if end else "RUNNING"
            yield {"replayId": name, "status": status, "startedAt": AT}

    def arn_of(self, name: str) -> str:
        return name

    def end_of(self, name: str) -> RunEnd:
        self.asked.append(name)
        end = self.ends[name]
        assert end
        if end.error:
            raise Permanent(end.cause)
        return end


def last(ends: dict[str, RunEnd | None]) -> tuple[LastRun, Runs]:
    runs = Runs(ends)
    return LastRun(cast("MachineRuns", runs), replay_report), runs


def test_a_schedule_that_found_nothing_is_no_news() -> None:
    """The last one that did something is shown; each that is over is asked about once."""
    newest, runs = last({"quiet-2": QUIET, "quiet-1": QUIET, "mine": DONE})
    for _ in range(3):
        found = newest.look()
        assert found
        assert found.name == "mine"
    assert runs.asked == ["quiet-2", "quiet-1", "mine"]


def test_a_report_is_told_in_figures() -> None:
    """Those that say whether a person is needed, in words; and all of it beside them."""
    newest, _ = last({"mine": DONE})
    found = newest.look()
    assert found
    facts: dict[str, Any] = dict(found.facts)
    assert (facts["sent"], facts["still failing"], facts["messages now"]) == ("1,200", "1", "1")
    assert "stillFailing" in found.report


def test_one_that_runs_is_read_when_it_is_over() -> None:
    """Not before."""
    newest, runs = last({"mine": None})
    found = newest.look()
    assert found
    assert (found.status, found.facts) == ("RUNNING", ())
    runs.ends["mine"] = DONE
    found = newest.look()
    assert found
    assert (found.status, bool(found.facts)) == ("SUCCEEDED", True)


def test_a_refused_input_says_which_field() -> None:
    """The page stands all the same."""
    newest, _ = last({"mine": RunEnd("FAILED", {}, "InputRefused", "source: is no source")})
    found = newest.look()
    assert found
    assert found.facts == (("refused", "source: is no source"),)


def test_none_was_started() -> None:
    """Nothing is said."""
    assert last({})[0].look() is None
