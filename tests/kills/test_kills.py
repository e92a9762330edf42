"""The short run of CI: a dozen and more `kill -9` of all five kinds of process, under some 2,000
events. The long one is `make kills`.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.endpoints import ROOT
from tests.local.reaped_process import ending, start_process

pytestmark = [
    pytest.mark.timeout(1800),  # minutes only where much else runs
    pytest.mark.skipif(sys.platform != "linux", reason="/proc says who is at work"),
]
EVENTS, KILLS, SEED = 2_000, 12, 20261129


def test_nothing_is_lost_or_billed_twice_by_a_dozen_kills(tmp_path: Path) -> None:
    """Processes of their own, which end with this one; every book agrees at the end."""
    words = ["-m", "tests.kills", str(EVENTS), str(KILLS), str(SEED), "--losses", "1"]
    output = tmp_path / "output.txt"
    with output.open("wb") as told:
        run = start_process(
            [sys.executable, *words, "--directory", str(tmp_path / "cloud")],
            cwd=ROOT,
            stdout=told,
            stderr=subprocess.STDOUT,
        )
    with ending(run):
        assert run.wait() == 0, output.read_text()[-6_000:]
    assert "every book agrees" in output.read_text()
