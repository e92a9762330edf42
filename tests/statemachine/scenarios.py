"""Every way through the replay state machine: what its functions answer, and the path that follows.

Together the paths enter every state; a test holds them to that. What a round decides is the
function's business (tests/unit/replay/test_round.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.statemachine.actors import Script

ORDER = {
    "source": "usage",
    "dryRun": False,
    "filter": {"class": ["config"]},
    "sendAmbiguous": False,
    "quiet": False,
}
BEFORE = {"waitingAtStart": 5, "hiddenAtStart": 0, "rounds": 0}
HALFWAY = {**BEFORE, "rounds": 1, "messages": 2, "seen": 3}
AFTER = {**HALFWAY, "rounds": 2, "messages": 4, "seen": 5}
STARTED = {
    "outcome": "start",
    "replayId": "first",
    "startedAt": "2026-11-28T10:00:00Z",
    "order": ORDER,
    "progress": BEFORE,
}
LOOK_AGAIN = {"outcome": "look_again"}
REFUSED = {"outcome": "refused", "problem": "maxMessage: no such field"}
ANOTHER = {
    "outcome": "another_replay_is_running",
    "replayId": "second",
    "runningReplay": "first",
}
NOTHING = {
    "outcome": "nothing_to_replay",
    "replayId": "x",
    "order": ORDER,
    "hiddenMessages": 3,
}
MOVED = {"outcome": "moved", "waitSeconds": 0, "trouble": "", "progress": HALFWAY}
PACED = {**MOVED, "waitSeconds": 10}
WAIT = {"outcome": "wait", "waitSeconds": 30, "trouble": "", "progress": HALFWAY}
FOREVER = {**WAIT, "waitSeconds": 1_000_000}
DONE = {"outcome": "finished", "waitSeconds": 0, "trouble": "", "progress": AFTER}
GIVEN_UP = {
    "outcome": "stopped",
    "waitSeconds": 0,
    "trouble": "Aforo does not take usage now: refused, credential_refused (waited 0 times)",
    "progress": HALFWAY,
}
HAND_ON = {
    "outcome": "hand_on",
    "waitSeconds": 0,
    "trouble": "",
    "next": "first-part-2",
    "progress": {**HALFWAY, "executionsBefore": 1},
}
COUNTING = {"outcome": "counting", "part": 1}
REPORTED = {
    "outcome": "reported",
    "part": 1,
    "report": {"events": {"sent": 20, "replayed": 20}},
    "reportUri": "s3://ledger/replays/x/report.json",
    "notice": "Replay x\nCame to its end.",
}
SCRIPT: Script = {"start": [STARTED], "round": [MOVED, DONE], "report": [REPORTED]}

BEGIN = ["Let other replays show", "Start the replay"]
LOOK = [*BEGIN, "May it start?"]
ROUND = ["Run a round", "What came of it?"]
AND_WAIT = [*ROUND, "Wait for the next round"]
REPORT = ["Write the report", "What is left to tell?"]
CLOSE = [*REPORT, "Tell the operators", "What is left to tell?"]
FINISHED = [*CLOSE, "Replay finished"]
STOPPED = [*CLOSE, "Replay stopped early"]
QUIET = [*REPORT, "Replay finished"]


@dataclass(frozen=True)
class Scenario:
    """`answers` replace the script's."""

    path: list[str]
    answers: Mapping[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    order: object = field(default_factory=dict)
    error: str = ""  # empty: it succeeds
    says: str = ""  # in the cause of an error, or in the output

    @property
    def script(self) -> Script:
        return {**SCRIPT, **self.answers}


def started(**changes: object) -> list[Mapping[str, Any]]:
    """A start with another order."""
    return [{**STARTED, "order": {**ORDER, **changes}}]


SCENARIOS = {
    "everything at once": Scenario(
        path=[*LOOK, *AND_WAIT, *ROUND, *FINISHED], says="replay_finished"
    ),
    "round after round": Scenario(
        path=[*LOOK, *AND_WAIT, *AND_WAIT, *AND_WAIT, *ROUND, *FINISHED],
        answers={"round": [MOVED, PACED, MOVED, DONE]},
    ),
    "rounds that wait, whatever for": Scenario(
        path=[*LOOK, *AND_WAIT, *AND_WAIT, *AND_WAIT, *ROUND, *FINISHED],
        answers={"round": [WAIT, MOVED, WAIT, DONE]},
    ),
    "a first round that has nothing to do": Scenario(
        path=[*LOOK, *ROUND, *FINISHED], answers={"round": [DONE]}
    ),
    "a round that gives up": Scenario(
        path=[*LOOK, *AND_WAIT, *ROUND, *STOPPED],
        answers={"round": [MOVED, GIVEN_UP]},
        error="ReplayStoppedEarly",
        says="credential_refused (waited 0 times). Start another replay when it is cured; "
        "the report: s3://ledger/replays/x/report.json",
    ),
    "more than one execution may do": Scenario(
        path=[*LOOK, *AND_WAIT, *ROUND, "Hand on what remains"],
        answers={"round": [MOVED, HAND_ON]},
        says="'next': 'first-part-2'",
    ),
    "a report of several parts": Scenario(
        path=[*LOOK, *AND_WAIT, *ROUND, *REPORT, *FINISHED],
        answers={"report": [COUNTING, REPORTED]},
        says="replay_finished",
    ),
    "a quiet report of several parts": Scenario(
        path=[*LOOK, *ROUND, *REPORT, *REPORT, *QUIET],
        answers={
            "start": started(quiet=True),
            "round": [DONE],
            "report": [COUNTING, COUNTING, REPORTED],
        },
    ),
    "a dry run": Scenario(
        path=[*LOOK, *AND_WAIT, *ROUND, *FINISHED],
        answers={"start": started(dryRun=True)},
        says="dry_run_finished",
    ),
    "the quarantine": Scenario(
        path=[*LOOK, *AND_WAIT, *ROUND, *FINISHED],
        answers={"start": started(source="quarantine")},
        says="replay_finished",
    ),
    "a quiet replay": Scenario(
        path=[*LOOK, *AND_WAIT, *ROUND, *QUIET],
        answers={"start": started(source="quarantine", quiet=True)},
    ),
    "a quiet replay in trouble": Scenario(
        path=[*LOOK, *ROUND, *STOPPED],
        answers={"start": started(quiet=True), "round": [GIVEN_UP]},
        error="ReplayStoppedEarly",
        says="credential_refused",
    ),
    "nothing waits": Scenario(
        path=[*LOOK, "Nothing to replay"],
        answers={"start": [NOTHING]},
        says="'hiddenMessages': 3",
    ),
    "an input that is not understood": Scenario(
        path=[*LOOK, "Input refused"],
        order={"maxMessage": 3},
        answers={"start": [REFUSED]},
        error="InputRefused",
        says="maxMessage: no such field",
    ),
    "another replay is running": Scenario(
        path=[*LOOK, "Another replay is running"],
        answers={"start": [ANOTHER]},
        says="'runningReplay': 'first'",
    ),
    "a listing that lags": Scenario(
        path=[*LOOK, *LOOK, *LOOK, *AND_WAIT, *ROUND, *FINISHED],
        answers={"start": [LOOK_AGAIN, LOOK_AGAIN, STARTED]},
    ),
    "functions that fail once": Scenario(
        path=[*LOOK, *AND_WAIT, *ROUND, *FINISHED],
        answers={
            "start": [{"raise": "once"}, STARTED],
            "round": [{"raise": "once"}, MOVED, {"raise": "once"}, DONE],
            "report": [{"raise": "once"}, REPORTED],
        },
    ),
    "a start that cannot look": Scenario(
        path=BEGIN,
        answers={"start": [{"raise": "no settings"}]},
        error="Runtime.HandlerError",
        says="no settings",
    ),
    "a round that cannot be run": Scenario(
        path=[*LOOK, *AND_WAIT, "Run a round", *STOPPED],
        answers={"round": [MOVED, {"raise": "no queue"}]},
        error="ReplayStoppedEarly",
        says="Messages could not be moved: ",
    ),
    "a round that says why it cannot be run": Scenario(
        path=[*LOOK, "Run a round", *STOPPED],
        answers={"round": [{"raise": "no secret"}]},
        error="ReplayStoppedEarly",
        says="no secret",
    ),
    "a quarantine that cannot be metered": Scenario(
        path=[*LOOK, "Run a round", *STOPPED],
        answers={
            "start": started(source="quarantine"),
            "round": [{"raise": "metering failed"}],
        },
        error="ReplayStoppedEarly",
        says="The quarantine could not be metered again: ",
    ),
    "a report that cannot be written": Scenario(
        path=[*LOOK, *ROUND, "Write the report", "Report failed"],
        answers={"round": [DONE], "report": [{"raise": "no bucket"}]},
        error="ReportFailed",
        says="no bucket",
    ),
    "neither round nor report": Scenario(
        path=[*LOOK, "Run a round", "Write the report", "Report failed"],
        answers={"round": [{"raise": "no queue"}], "report": [{"raise": "no bucket"}]},
        error="ReportFailed",
        says="no queue",
    ),
}
