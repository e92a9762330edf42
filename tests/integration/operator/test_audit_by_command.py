"""A loss is found, repaired and shown to be whole by commands alone: the audit's own state machine
and functions, on ministack. Waits are a hundredth of what they are on AWS.
"""

import csv
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from functions.audit.window import AuditWindow
from functions.operator.command_line import main
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.local_endpoints import write_endpoints
from tests.integration.audit.deployed_audit import DeployedAudit, deployed_audit
from tests.local.ministack import Ministack
from tests.statemachine.quick_ministack import quick_ministack

WAIT_SCALE = 0.01
FORWARD_SECONDS = 0.2

type Run = Callable[..., int]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    with quick_ministack(tmp_path_factory.mktemp("ministack"), WAIT_SCALE) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def deployed(
    emulator: Ministack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeployedAudit]:
    """As the tests of the machine have it."""
    with deployed_audit(emulator, tmp_path_factory.mktemp("doom")) as found:
        yield found


@pytest.fixture
def run(emulator: Ministack, deployed: DeployedAudit, tmp_path: Path) -> Run:
    """`aforo-metering audit` against it, while a forwarder works."""
    file = write_endpoints(
        tmp_path,
        emulator.env,
        state_machines={"audit": deployed.machine_arn},
        ledger_bucket=deployed.ledger_bucket,
        configuration_bucket=deployed.quarantine,
        deployed_sources=f"deployed=access:{deployed.log_group}-other",
    )

    def asked(*words: str) -> int:
        with forwarding(deployed):
            return main(["audit", *words, "--endpoints", str(file)])

    return asked


@contextmanager
def forwarding(deployed: DeployedAudit) -> Iterator[None]:
    """What metering sends comes to the ledger."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(FORWARD_SECONDS):
            deployed.forward()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def the_range(first: AuditWindow, last: AuditWindow) -> list[str]:
    return ["--from", iso_from_epoch_ms(first.from_ms), "--to", iso_from_epoch_ms(last.to_ms)]


def test_a_loss_is_seen_repaired_and_gone(
    deployed: DeployedAudit, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """The dry run says what would be billed and changes nothing; the audit closes the equation."""
    first, second = deployed.window(), deployed.window()
    deployed.serve(first, billed=40, lost=2, broken=1)
    deployed.serve(second, billed=25, lost=3)
    asked = the_range(first, second)
    assert run("show", "--source", "orders", *asked) == 1
    assert "not looked at" in capsys.readouterr().out
    assert run(*asked, "--dry-run", "--format", "csv") == 1
    bill = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert sum(int(row["events"]) for row in bill if row["fate"] == "wouldBeBilled") == 5
    assert deployed.closed(first) is None
    assert run(*asked, "--name", "by-command") == 0
    out, err = capsys.readouterr()
    assert out.startswith("audit by-command: done\n")
    assert "  2 of 2 windows; lines: 71; requests missing: 6; events metered again: 5" in err
    assert run("show", "--source", "orders", *asked, "--format", "csv") == 0
    orders, _ = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (orders["served"], orders["confirmed"], orders["closed"]) == ("71", "70", "2")
    assert run("follow", "by-command") == 0
    assert capsys.readouterr().out == out


def test_an_export_is_audited_file_by_file(
    deployed: DeployedAudit, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the log has no more is metered again, and no window's record changes."""
    window = deployed.window()
    deployed.serve(window, billed=3)
    place = deployed.export(window, lost=4)
    asked = ["--source", "orders", *the_range(window, window)]
    export = ["--export", f"s3://{place['bucket']}/{place['prefix']}"]
    assert run(*export, *asked, "--format", "json") == 0
    out, err = capsys.readouterr()
    assert "  2 of 2 files; lines: 7; requests missing: 4; events metered again: 4" in err
    assert json.loads(out)["requests"]["meteredAgain"] == 4
    assert run("show", *asked) == 1
    assert "not looked at" in capsys.readouterr().out
