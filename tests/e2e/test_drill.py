"""A drill on the running local cloud: an alarm rings, the pages' commands resolve it, and the check
says so; before that it says what is not resolved.
"""

import re
from pathlib import Path

import pytest

from functions.operator.command_line import main as operate
from tests.local.aforo.console import Console
from tests.local.drill.__main__ import main
from tests.local.endpoints import Endpoints

pytestmark = pytest.mark.timeout(300)  # the first one starts the cloud
NAME = "set-aside"


def test_an_incident_rings_and_is_resolved_by_the_documented_commands(
    endpoints: Endpoints, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Aforo lacks a metric: usage is set aside, and once it is replayed each request is billed
    once.
    """
    drill = ["--directory", str(folder)]
    assert main([NAME, *drill]) == 0
    told = capsys.readouterr().out
    assert re.search(r"ALARM: \S+-UsageDeadLetterAlarm", told)
    assert "docs/reference/alarms.md#usagedeadletteralarm" in told
    assert main(["--check", NAME, *drill]) == 1
    assert re.search(r"NO +queue usage_dead_letter is empty", capsys.readouterr().out)
    assert main(["drift", *drill]) == 2  # one at a time

    with Console(endpoints.aforo_url) as console:
        console.put("_metrics/API Calls", {"aggregation": "COUNT"})
    assert operate(["replay", "start"]) == 0
    capsys.readouterr()

    assert main(["--check", NAME, *drill]) == 0
    assert re.search(r"resolved, \d+ s after it began", capsys.readouterr().out)
