"""Every way through the replay state machine: what its functions answer, and the path that follows.

Together the paths enter every state; a test holds them to that.
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
UNDERSTOOD = {"outcome": "understood", "order": ORDER}
READY = {"outcome": "ready", "reason": "answered", "status": 200, "retryAfterSeconds": 0}
DOWN = {"outcome": "down", "reason": "outage", "status": 503, "retryAfterSeconds": 30}
REFUSED = {"outcome": "refused", "reason": "credential_refused", "retryAfterSeconds": 0}
MOVED = {
    "outcome": "moved",
    "moveId": "0001-a",
    "startedAt": "2026-11-23T12:00:00.000Z",
    "messages": 2,
    "events": 20,
    "seen": 3,
    "held": 1,
    "isQueueEmpty": False,
    "paceSeconds": 0,
}
LAST = {**MOVED, "seen": 5, "isQueueEmpty": True}
EMPTY = {**MOVED, "messages": 0, "events": 0, "seen": 0, "held": 0, "isQueueEmpty": True}
SETTLED = {"outcome": "settled", "sent": 20, "outstanding": 0}
WAITING = {"outcome": "waiting", "sent": 20, "outstanding": 7}
REPORTED = {
    "outcome": "reported",
    "report": {"events": {"sent": 20, "replayed": 20}},
    "reportUri": "s3://ledger/replays/x/report.json",
    "notice": "Replay x\nCame to its end.",
}
METERED = {**MOVED, "marker": "quarantine/a"}
SCRIPT: Script = {
    "check": [UNDERSTOOD],
    "count": [{"outcome": "counted", "waiting": 5}],
    "probe": [READY],
    "move": [LAST],
    "settled": [SETTLED],
    "report": [REPORTED],
}

BEGIN = ["Begin the replay", "Check the input", "Is the input usable?"]
LISTED = ["Let other replays show", "Look for other replays", "Is it listed?"]
LOOK = [*LISTED, "Ask the older ones for their source", "Is this the oldest?"]
COUNT = ["Count what waits", "Does anything wait?"]
ASK = ["Ask Aforo", "Does Aforo answer?"]
MOVE = ["Move a round", "Was anything sent?"]
SETTLE = ["See what is settled", "Is the round settled?"]
LATER = ["Wait for the forwarder", *SETTLE]
ROUND = [*ASK, *MOVE, *SETTLE, "Is there more?"]
PACED_ROUND = [*ASK, *MOVE, "Hold the pace", *SETTLE, "Is there more?"]
NOTHING_SHOWS = [*ASK, *MOVE, "Is there more?"]
LET_SHOW = ["Let claimed messages show", "Is there more?"]
CLOSE = [
    "Write the report",
    "Is it worth a notice?",
    "Tell the operators",
    "Did it come to its end?",
]
FINISHED = [*CLOSE, "Replay finished"]
STOPPED = [*CLOSE, "Replay stopped early"]
READY_TO_MOVE = [*BEGIN, *LOOK, *COUNT]
COUNT_QUARANTINE = ["Count what is quarantined", "Does anything wait?"]
READY_TO_METER = [*BEGIN, *LOOK, *COUNT_QUARANTINE]
METER = ["Meter a round again", "Was anything sent?"]
METERED_ROUND = [*METER, *SETTLE, "Is there more?"]
QUIET = ["Write the report", "Is it worth a notice?", "Replay finished"]


@dataclass(frozen=True)
class Scenario:
    """`answers` replace the script's; `limits` lower the machine's own numbers."""

    path: list[str]
    answers: Mapping[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    waiting: int = 5
    order: object = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    error: str = ""  # empty: it succeeds
    says: str = ""  # in the cause of an error, or in the output

    @property
    def script(self) -> Script:
        return {**SCRIPT, **self.answers}


def understood(**changes: object) -> list[Mapping[str, Any]]:
    return [{**UNDERSTOOD, "order": {**ORDER, **changes}}]


SCENARIOS = {
    "everything at once": Scenario(
        path=[*READY_TO_MOVE, *ROUND, *FINISHED], says="replay_finished"
    ),
    "round after round, until the depth at the start is seen": Scenario(
        path=[*READY_TO_MOVE, *ROUND, *ROUND, *FINISHED],
        answers={"move": [MOVED]},
    ),
    "round after round, until as many are moved as there were at the start": Scenario(
        path=[*READY_TO_MOVE, *ROUND, *ROUND, *FINISHED],
        answers={"move": [{**MOVED, "messages": 3, "seen": 0}]},
    ),
    "no more than maxMessages": Scenario(
        path=[*READY_TO_MOVE, *ROUND, *FINISHED],
        answers={"move": [MOVED], "check": understood(maxMessages=2)},
    ),
    "at a pace, which holds up what is to come and nothing else": Scenario(
        path=[*READY_TO_MOVE, *PACED_ROUND, *ROUND, *FINISHED],
        answers={"move": [{**MOVED, "paceSeconds": 10}, {**LAST, "paceSeconds": 10}]},
    ),
    "at a pace, until maxMessages are moved": Scenario(
        path=[*READY_TO_MOVE, *PACED_ROUND, *ROUND, *FINISHED],
        waiting=8,
        answers={"move": [{**MOVED, "paceSeconds": 10}], "check": understood(maxMessages=4)},
    ),
    "a dry run asks nobody and waits for nothing": Scenario(
        path=[*READY_TO_MOVE, *MOVE, "Is there more?", *MOVE, "Is there more?", *FINISHED],
        answers={"move": [MOVED], "check": understood(dryRun=True)},
        says="dry_run_finished",
    ),
    "nothing that the filter chooses": Scenario(
        path=[*READY_TO_MOVE, *ASK, *MOVE, "Is there more?", *FINISHED],
        answers={"move": [{**LAST, "messages": 0, "events": 0}]},
    ),
    "what a killed move had claimed shows again": Scenario(
        path=[*READY_TO_MOVE, *NOTHING_SHOWS, *LET_SHOW, *ROUND, *FINISHED],
        answers={"move": [EMPTY, LAST]},
    ),
    "in a dry run, too": Scenario(
        path=[
            *READY_TO_MOVE,
            *MOVE,
            "Is there more?",
            *LET_SHOW,
            *MOVE,
            "Is there more?",
            *FINISHED,
        ],
        answers={"move": [EMPTY, LAST], "check": understood(dryRun=True)},
    ),
    "the count was too high": Scenario(
        path=[*READY_TO_MOVE, *ROUND, *LET_SHOW, *NOTHING_SHOWS, *FINISHED],
        answers={"move": [{**MOVED, "isQueueEmpty": True}, EMPTY]},
    ),
    "moves are killed again and again": Scenario(
        path=[*READY_TO_MOVE, *NOTHING_SHOWS, *LET_SHOW, *ROUND, *LET_SHOW, *ROUND, *FINISHED],
        answers={"move": [EMPTY, {**MOVED, "isQueueEmpty": True}, LAST]},
    ),
    "more stays than SQS hides": Scenario(
        path=[*READY_TO_MOVE, *ROUND, *STOPPED],
        answers={"move": [{**MOVED, "held": 2}]},
        limits={"$heldMessages >= 80000": "$heldMessages >= 2"},
        error="ReplayStoppedEarly",
        says="2 messages are left and hidden, and more cannot be",
    ),
    "more events than a report holds": Scenario(
        path=[*READY_TO_MOVE, *ROUND, *STOPPED],
        answers={"move": [MOVED]},
        limits={"$movedEvents >= 1000000": "$movedEvents >= 20"},
        error="ReplayStoppedEarly",
        says="20 events are enough for one replay",
    ),
    "nothing waits": Scenario(
        path=[*READY_TO_MOVE, "Nothing to replay"], waiting=0, says="nothing_to_replay"
    ),
    "an input that is not understood": Scenario(
        path=[*BEGIN, "Input refused"],
        order={"maxMessage": 3},
        answers={"check": [{"outcome": "not_understood", "problem": "maxMessage: no such field"}]},
        error="InputRefused",
        says="maxMessage: no such field",
    ),
    "Aforo comes back": Scenario(
        path=[*READY_TO_MOVE, *ASK, "Wait for Aforo", *ROUND, *FINISHED],
        answers={"probe": [DOWN, READY]},
    ),
    "Aforo stays away": Scenario(
        path=[*READY_TO_MOVE, *ASK, "Wait for Aforo", *ASK, "Wait for Aforo", *ASK, *STOPPED],
        answers={"probe": [DOWN]},
        limits={"$aforoWaits < 120": "$aforoWaits < 2"},
        error="ReplayStoppedEarly",
        says="Aforo does not take usage now: down, outage (waited 2 times)",
    ),
    "Aforo refuses the key": Scenario(
        path=[*READY_TO_MOVE, *ASK, *STOPPED],
        answers={"probe": [REFUSED]},
        error="ReplayStoppedEarly",
        says="credential_refused",
    ),
    "Aforo goes away between two rounds": Scenario(
        path=[*READY_TO_MOVE, *ROUND, *ASK, "Wait for Aforo", *ROUND, *FINISHED],
        answers={"probe": [READY, DOWN, READY], "move": [MOVED]},
    ),
    "Aforo goes away in the middle of a round": Scenario(
        path=[*READY_TO_MOVE, *ASK, *MOVE, *SETTLE, *LATER, *LATER, "Is there more?", *FINISHED],
        answers={"settled": [WAITING, WAITING, SETTLED]},
    ),
    "the forwarder never settles a round": Scenario(
        path=[*READY_TO_MOVE, *ASK, *MOVE, *SETTLE, *LATER, *STOPPED],
        answers={"settled": [WAITING]},
        limits={"$waits < 240": "$waits < 1"},
        error="ReplayStoppedEarly",
        says="7 events of round 1 are on their way and not settled yet",
    ),
    "more than the history of one execution holds": Scenario(
        path=[*READY_TO_MOVE, *ROUND, *ROUND, *STOPPED],
        answers={"move": [{**MOVED, "seen": 1}]},
        limits={"? 150 : 300": "? 150 : 2"},
        error="ReplayStoppedEarly",
        says="2 rounds are used up: start another replay for the rest",
    ),
    "a replay that takes longer than two days may": Scenario(
        path=[*READY_TO_MOVE, *ROUND, *STOPPED],
        answers={"move": [{**MOVED, "seen": 1}]},
        limits={"> 144000000": "> 0"},
        error="ReplayStoppedEarly",
        says="with a larger eventsPerSecond",
    ),
    "the quarantine, round after round by the marker": Scenario(
        path=[*READY_TO_METER, *METERED_ROUND, *METERED_ROUND, *FINISHED],
        answers={
            "check": understood(source="quarantine"),
            "move": [METERED, {**METERED, "marker": "quarantine/b", "isQueueEmpty": True}],
        },
        says="replay_finished",
    ),
    "a quiet replay of the quarantine": Scenario(
        path=[*READY_TO_METER, *METERED_ROUND, *QUIET],
        answers={
            "check": understood(source="quarantine", quiet=True),
            "move": [{**METERED, "isQueueEmpty": True}],
        },
    ),
    "the quarantine is empty": Scenario(
        path=[*READY_TO_METER, "Nothing to replay"],
        answers={
            "check": understood(source="quarantine", quiet=True),
            "count": [{"outcome": "counted", "waiting": 0}],
        },
        says="nothing_to_replay",
    ),
    "a dry run of the quarantine": Scenario(
        path=[*READY_TO_METER, *METER, "Is there more?", *FINISHED],
        answers={
            "check": understood(source="quarantine", dryRun=True),
            "move": [{**METERED, "isQueueEmpty": True}],
        },
        says="dry_run_finished",
    ),
    "the quarantine does not wait for Aforo": Scenario(
        path=[*READY_TO_METER, *METER, *SETTLE, *LATER * 9, "Is there more?", *FINISHED],
        answers={
            "check": understood(source="quarantine"),
            "move": [{**METERED, "isQueueEmpty": True}],
            "settled": [WAITING],
        },
    ),
    "more quarantined than the history of one execution holds": Scenario(
        path=[*READY_TO_METER, *METERED_ROUND, *METERED_ROUND, *STOPPED],
        answers={"check": understood(source="quarantine"), "move": [{**METERED, "seen": 1}]},
        limits={"? 150 : 300": "? 2 : 300"},
        error="ReplayStoppedEarly",
        says="2 rounds are used up: start another replay for the rest",
    ),
    "metering fails": Scenario(
        path=[*READY_TO_METER, "Meter a round again", *STOPPED],
        answers={
            "check": understood(source="quarantine"),
            "move": [{"raise": "metering failed"}],
        },
        error="ReplayStoppedEarly",
        says="The quarantine could not be metered again: ",
    ),
    "the quarantine cannot be counted": Scenario(
        path=[*BEGIN, *LOOK, "Count what is quarantined"],
        answers={"check": understood(source="quarantine"), "count": [{"raise": "no bucket"}]},
        error="Runtime.HandlerError",
        says="no bucket",
    ),
    "a function that fails once, of the quarantine": Scenario(
        path=[*READY_TO_METER, *METERED_ROUND, *FINISHED],
        answers={
            "check": understood(source="quarantine"),
            "count": [{"raise": "once"}, {"outcome": "counted", "waiting": 5}],
            "move": [{"raise": "once"}, {**METERED, "isQueueEmpty": True}],
        },
    ),
    "what waits for the counters asks nobody and waits for nothing": Scenario(
        path=[*READY_TO_MOVE, *MOVE, "Is there more?", *MOVE, "Is there more?", *FINISHED],
        answers={
            "check": understood(source="counters"),
            "move": [{**MOVED, "events": 0}, {**LAST, "events": 0}],
        },
    ),
    "a function that fails once": Scenario(
        path=[*READY_TO_MOVE, *ROUND, *FINISHED],
        answers={
            "check": [{"raise": "once"}, UNDERSTOOD],
            "probe": [{"raise": "once"}, READY],
            "move": [{"raise": "once"}, LAST],
            "settled": [{"raise": "once"}, SETTLED],
            "report": [{"raise": "once"}, REPORTED],
        },
    ),
    "the input cannot be checked": Scenario(
        path=BEGIN[:2],
        answers={"check": [{"raise": "no settings"}]},
        error="Runtime.HandlerError",
        says="no settings",
    ),
    "Aforo cannot be asked": Scenario(
        path=[*READY_TO_MOVE, "Ask Aforo", *STOPPED],
        answers={"probe": [{"raise": "no secret"}]},
        error="ReplayStoppedEarly",
        says="no secret",
    ),
    "a round cannot be moved": Scenario(
        path=[*READY_TO_MOVE, *ASK, "Move a round", *STOPPED],
        answers={"move": [{"raise": "no queue"}]},
        error="ReplayStoppedEarly",
        says="no queue",
    ),
    "the ledger cannot be read": Scenario(
        path=[*READY_TO_MOVE, *ASK, *MOVE, "See what is settled", *STOPPED],
        answers={"settled": [{"raise": "no bucket"}]},
        error="ReplayStoppedEarly",
        says="no bucket",
    ),
    "the report cannot be written": Scenario(
        path=[*READY_TO_MOVE, *ROUND, "Write the report", "Report failed"],
        answers={"report": [{"raise": "no bucket"}]},
        error="ReportFailed",
        says="no bucket",
    ),
}
# Two executions play in it: see test_of_two_replays_started_together_one_works.
SECOND_REPLAY = [*BEGIN, *LOOK, "Another replay is running"]
