"""The audit's state machine with its real functions, on ministack: to its end, stopped, killed and
started again.

Waits are a hundredth of what they are on AWS (a public setting of the emulator).
"""

import json
from collections.abc import Iterator
from itertools import count

import pytest

from functions.audit.window import AuditWindow
from tests.integration.audit.deployed_audit import (
    FINISHED_SECONDS,
    WINDOW_SECONDS,
    DeployedAudit,
    deployed_audit,
)
from tests.local.waiting import until
from tests.statemachine.definition import AUDIT, held_at, states, targets
from tests.statemachine.quick_ministack import quick_ministack

WAIT_SCALE = 0.01
RUNS = count()


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedAudit]:
    """One for all: each test has windows of its own, and looks at those."""
    with (
        quick_ministack(tmp_path_factory.mktemp("ministack"), WAIT_SCALE) as emulator,
        deployed_audit(emulator, tmp_path_factory.mktemp("doom")) as found,
    ):
        yield found


def run_name() -> str:
    return f"run-{next(RUNS)}"


def test_a_dry_run_says_what_is_missing_and_an_audit_repairs_it(deployed: DeployedAudit) -> None:
    """To the end of the equation; the same again changes nothing."""
    first, second = deployed.window(), deployed.window()
    deployed.serve(first, billed=3, lost=2, broken=1)
    deployed.serve(second, billed=1)
    asked = deployed.ask(first, second)
    dry = deployed.run(run_name(), {**asked, "dryRun": True})
    assert dry["outcome"] == "dry_run_finished"
    assert dry["report"]["before"]["all"] == {"confirmed": 4, "unaccounted": 3}
    assert dry["report"]["requests"]["wouldBeBilled"] == 2
    assert dry["report"]["requests"]["wouldBeQuarantined"] == 1
    assert [line["events"] for line in dry["report"]["bill"]["wouldBeBilled"]] == [2]
    assert (deployed.closed(first), deployed.posts.total()) == (None, 0)

    real = deployed.run(run_name(), asked)
    assert real["outcome"] == "audit_finished"
    report = real["report"]
    assert report["before"]["all"] == {"confirmed": 4, "unaccounted": 3}
    assert report["after"]["served"] == 7
    assert report["after"]["all"]["confirmed"] == 6
    assert sum(report["after"]["all"]["quarantined"].values()) == 1
    assert report["requests"]["meteredAgain"] == 2
    assert report["requests"]["quarantined"] == 1
    assert report["requests"]["stillMissing"] == 0
    assert set(deployed.posts.values()) == {1}
    assert deployed.closed(first)
    assert deployed.closed(second)
    kept = json.loads(
        deployed.s3.get_object(
            Bucket=deployed.ledger_bucket, Key=real["reportUri"].split("/", 3)[3]
        )["Body"].read()
    )
    assert kept["after"] == report["after"]

    posts = deployed.posts.total()
    for _ in range(2):
        again = deployed.run(run_name(), asked)["report"]
        assert again["before"] == again["after"] == report["after"]
        assert again["requests"]["meteredAgain"] == 0
    assert deployed.posts.total() == posts


def test_an_input_that_cannot_be_obeyed_is_refused_with_all_its_faults(
    deployed: DeployedAudit,
) -> None:
    """By the real list of sources, and the real log group's retention."""
    asked = {"source": "order", "from": "now", "drRun": True}
    found = deployed.ended(deployed.start(run_name(), asked))
    assert (found["status"], found["error"]) == ("FAILED", "InputRefused")
    for words in ("there is no 'order'; there are orders", "from: give a time", "drRun: is not"):
        assert words in found["cause"]


def test_while_usage_is_held_nothing_is_metered_again(deployed: DeployedAudit) -> None:
    """And when Aforo is back, only what was lost is."""
    window = deployed.window()
    deployed.holds = True
    deployed.serve(window, billed=1, lost=1)
    run = run_name()
    execution = deployed.start(run, deployed.ask(window))
    until(lambda: deployed.path(execution).count("Wait for the next round") >= 2, FINISHED_SECONDS)
    assert not deployed.sent_by(run)
    deployed.holds = False
    assert deployed.ended(execution)["status"] == "SUCCEEDED"
    assert deployed.sent_by(run).total() == 1
    assert deployed.closed(window) == {"confirmed": 2}


def test_an_export_of_the_log_is_audited_file_by_file(deployed: DeployedAudit) -> None:
    """What it has and the ledger has not is metered; it is no window, and has no record."""
    window = deployed.window()
    deployed.serve(window, billed=2)
    asked = {**deployed.ask(window), "export": deployed.export(window, lost=2), "source": "orders"}
    dry = deployed.run(run_name(), {**asked, "dryRun": True})["report"]
    assert dry["requests"]["wouldBeBilled"] == 2
    report = deployed.run(run_name(), asked)["report"]
    assert report["windows"] == {"lookedAt": 2, "left": 0}
    assert report["before"]["all"] == {"confirmed": 2, "unaccounted": 2}
    assert report["after"]["all"] == {"confirmed": 4}
    assert deployed.closed(window) is None
    refused = deployed.ended(deployed.start(run_name(), {**asked, "shards": 2}))
    assert refused["cause"].startswith("shards: an export has its files for parts")


# --- stopped at each state -----------------------------------------------------------------------

ALWAYS, WAIT = "true", "Wait for the next round"
AFTER_SENDING = "$exists($progress.sentByMs)"
STOPS = [
    *(
        (state, ALWAYS)
        for state in (
            "Start the audit",
            "May it start?",
            "Run a round",
            "What came of it?",
            WAIT,
            "Write the report",
            "Is it worth a notice?",
            "Tell the operators",
            "Did it come to its end?",
        )
    ),
    ("Run a round", AFTER_SENDING),
    (WAIT, AFTER_SENDING),
]


def test_every_state_that_leads_on_is_stopped_at() -> None:
    """After the others nothing happens any more."""
    assert {state for state, _ in STOPS} == {
        name for name, state in states(AUDIT).items() if targets(state)
    }


@pytest.mark.parametrize(("state", "when"), STOPS)
def test_an_audit_stopped_at(state: str, when: str, deployed: DeployedAudit) -> None:
    """The next one with the same input does the rest: nothing is lost, nothing is twice in Aforo's
    book.
    """
    window = deployed.window()
    deployed.serve(window, billed=1, lost=2)
    before = len(deployed.book)
    machine = deployed.machine(held_at(deployed.definition, state, when))
    first = deployed.start(run_name(), deployed.ask(window), machine=machine)

    def is_there() -> bool:
        if when != AFTER_SENDING:
            deployed.forward()
        return "Held" in deployed.path(first)

    until(is_there, FINISHED_SECONDS, what=lambda: deployed.path(first))
    deployed.sfn.stop_execution(executionArn=first)
    report = deployed.run(run_name(), deployed.ask(window))["report"]
    assert report["after"]["all"] == {"confirmed": 3}
    assert deployed.closed(window) == {"confirmed": 3}
    assert len(deployed.book) == before + 2


# --- killed after calls --------------------------------------------------------------------------

DEATHS = ["begin", "FilterLogEvents 1", "Invoke 1", "PutObject 1", "Invoke 2", "PutObject 2"]


@pytest.mark.parametrize("death", DEATHS)
def test_a_round_killed_after(death: str, deployed: DeployedAudit) -> None:
    """The machine runs it again as it was: no call of metering is made twice, and what one had on
    record is done by the next audit at the latest.
    """
    window = deployed.window()
    deployed.serve(window, billed=1, lost=2)
    before = len(deployed.book)
    # The start has calls of its own: the doom is the round's.
    quick = {**deployed.definition, "StartAt": "Begin with a round"}
    quick["States"] = {
        **deployed.definition["States"],
        "Begin with a round": _given(deployed, window),
    }
    (deployed.doom / "step").write_text(death)
    run = run_name()
    found = deployed.ended(
        deployed.start(run, deployed.ask(window), machine=deployed.machine(quick))
    )
    assert found["status"] == "SUCCEEDED"
    assert not (deployed.doom / "step").exists()
    assert deployed.sent_by(run).total() <= 1
    report = deployed.run(run_name(), deployed.ask(window))["report"]
    assert report["after"]["all"] == {"confirmed": 3}
    assert len(deployed.book) == before + 2


def _given(deployed: DeployedAudit, window: AuditWindow) -> dict[str, object]:
    """What the start would hand on."""
    order = {
        "sources": [{"name": "orders", "logGroup": deployed.log_group, "kind": "access"}],
        "fromMs": window.from_ms,
        "toMs": window.to_ms,
        "windowSeconds": WINDOW_SECONDS,
        "dryRun": False,
    }
    return {
        "Type": "Pass",
        "Assign": {"order": order, "progress": {"place": 0}},
        "Next": "Run a round",
    }
