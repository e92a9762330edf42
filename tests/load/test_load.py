"""The short run of CI: some dozen requests through the gateway. The long one is `make load`."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.endpoints import ROOT
from tests.local.reaped_process import ending, start_process

pytestmark = [
    pytest.mark.timeout(1800),  # minutes only where much else runs
    pytest.mark.skipif(sys.platform != "linux", reason="/proc says who used the processors"),
]
RATE, MINUTES = 3, 0.2


def test_a_load_ends_with_billed_as_served_and_tells_how_old_usage_was(tmp_path: Path) -> None:
    """Processes of their own, which end with this one. The metrics of the product say what the
    ledger says: the longest wait, rounded up to a tenth of a second.
    """
    words = ["--rate", str(RATE), "--minutes", str(MINUTES), "--json", str(tmp_path / "load.json")]
    output = tmp_path / "output.txt"
    with output.open("wb") as told:
        run = start_process(
            [sys.executable, "-m", "tests.load", *words, "--directory", str(tmp_path / "cloud")],
            cwd=ROOT,
            stdout=told,
            stderr=subprocess.STDOUT,
        )
    with ending(run):
        assert run.wait() == 0, output.read_text()[-6_000:]
    assert "billed = served" in output.read_text()
    (found,) = json.loads((tmp_path / "load.json").read_text())
    account, times, metrics = found["account"], found["times"], found["metrics"]
    assert account["billed"] == account["billable"] == account["used"] > 0
    for name in ("billed", "the counter"):
        assert 0 < times[name]["p50"] <= times[name]["p99"] <= times[name]["longest"] < math.inf
    assert all(one["of"] > 0 for one in times["hops"].values())
    longest = math.ceil(round(times["billed"]["longest"] * 10, 6)) / 10
    assert metrics["RequestToBilled"]["longest"] == longest
    assert metrics["RequestToCounted"]["of"] > 0
    assert min(found["cpu_seconds"][name] for name in ("metering", "forwarder")) > 0
    assert found["dollars"]["without_authorizer"] > 0
