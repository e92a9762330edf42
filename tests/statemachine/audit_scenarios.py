"""Every way through the audit state machine: what its function answers, and the path that follows.

Together the paths enter every state; a test holds them to that. What a round decides is the
function's business (tests/unit/audit/test_audit_round.py).
"""

from collections.abc import Mapping
from typing import Any

from tests.statemachine.actors import Script
from tests.statemachine.scenarios import Scenario

ORDER = {"sources": [{"name": "orders"}], "fromMs": 0, "dryRun": False, "quiet": False}
BEFORE: dict[str, object] = {"before": {}, "after": {}}
HALFWAY = {**BEFORE, "calls": 1, "place": 3}
AFTER = {**HALFWAY, "calls": 2, "settled": 2}
STARTED = {"outcome": "start", "order": ORDER, "progress": BEFORE}
DRY = {**STARTED, "order": {**ORDER, "dryRun": True}}
REFUSED = {"outcome": "refused", "problem": "source: there is no 'order'; there are orders"}
NEXT = {"outcome": "next", "waitSeconds": 0, "trouble": "", "progress": HALFWAY}
WAIT = {"outcome": "wait", "waitSeconds": 60, "trouble": "", "progress": HALFWAY}
FOREVER = {**WAIT, "waitSeconds": 1_000_000}
DONE = {"outcome": "finished", "waitSeconds": 0, "trouble": "", "progress": AFTER}
GIVEN_UP = {
    "outcome": "stopped",
    "waitSeconds": 0,
    "trouble": "metering fails: KeyError; see its log; the rest begins with from = 2026-11-29",
    "progress": HALFWAY,
}
REPORTED = {
    "outcome": "reported",
    "report": {"requests": {"meteredAgain": 20}},
    "reportUri": "s3://ledger/audit-runs/x/report.json",
    "notice": "Audit x\nCame to its end.",
    "isNews": True,
}
NO_NEWS = {**REPORTED, "isNews": False}
AUDIT_SCRIPT: Script = {"start": [STARTED], "round": [NEXT, DONE], "report": [REPORTED]}

BEGIN = ["Start the audit", "May it start?"]
ROUND = ["Run a round", "What came of it?"]
AND_WAIT = [*ROUND, "Wait for the next round"]
CLOSE = [
    "Write the report",
    "Is it worth a notice?",
    "Tell the operators",
    "Did it come to its end?",
]
FINISHED = [*CLOSE, "Audit finished"]
STOPPED = [*CLOSE, "Audit stopped early"]


def played(
    path: list[str],
    answers: Mapping[str, list[Mapping[str, Any]]] | None = None,
    *,
    order: object = None,
    error: str = "",
    says: str = "",
) -> Scenario:
    """`answers` replace the script's."""
    script = {name: [*said] for name, said in {**AUDIT_SCRIPT, **(answers or {})}.items()}
    return Scenario(path, script, {} if order is None else order, error, says)


AUDITS = {
    "round after round": played(
        [*BEGIN, *AND_WAIT, *AND_WAIT, *AND_WAIT, *ROUND, *FINISHED],
        {"round": [NEXT, WAIT, NEXT, DONE]},
        says="audit_finished",
    ),
    "a first round that has nothing to do": played(
        [
            *BEGIN,
            *ROUND,
            "Write the report",
            "Is it worth a notice?",
            "Did it come to its end?",
            "Audit finished",
        ],
        {"round": [DONE], "report": [NO_NEWS]},
        says="s3://ledger/audit-runs/x/report.json",
    ),
    "a dry run": played(
        [*BEGIN, *AND_WAIT, *ROUND, *FINISHED], {"start": [DRY]}, says="dry_run_finished"
    ),
    "a round that gives up": played(
        [*BEGIN, *AND_WAIT, *ROUND, *STOPPED],
        {"round": [NEXT, GIVEN_UP]},
        error="AuditStoppedEarly",
        says="from = 2026-11-29. Start the audit again when it is cured; the report: "
        "s3://ledger/audit-runs/x/report.json",
    ),
    "an input that is not understood": played(
        [*BEGIN, "Input refused"],
        {"start": [REFUSED]},
        order={"source": "order"},
        error="InputRefused",
        says="there are orders",
    ),
    "a function that fails once": played(
        [*BEGIN, *AND_WAIT, *ROUND, *FINISHED],
        {
            "start": [{"raise": "once"}, STARTED],
            "round": [{"raise": "once"}, NEXT, {"raise": "once"}, DONE],
            "report": [{"raise": "once"}, REPORTED],
        },
    ),
    "a start that cannot look": played(
        BEGIN[:1],
        {"start": [{"raise": "no settings"}]},
        error="Runtime.HandlerError",
        says="no settings",
    ),
    "a round that cannot be run": played(
        [*BEGIN, *AND_WAIT, "Run a round", *STOPPED],
        {"round": [NEXT, {"raise": "no ledger"}]},
        error="AuditStoppedEarly",
        says="no ledger",
    ),
    "a report that cannot be written": played(
        [*BEGIN, *ROUND, "Write the report", "Audit stopped early"],
        {"round": [DONE], "report": [{"raise": "no bucket"}]},
        error="AuditStoppedEarly",
        says="The report could not be written: ",
    ),
    "neither round nor report": played(
        [*BEGIN, "Run a round", "Write the report", "Audit stopped early"],
        {"round": [{"raise": "no ledger"}], "report": [{"raise": "no bucket"}]},
        error="AuditStoppedEarly",
        says="no ledger",
    ),
}
