"""Whether a local cloud runs in a folder: its files come in; since when, and what is wrong with it,
leave.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from functions.operator.deployment.local_liveness import fault_of
from tests.local import process_list
from tests.local.endpoints import FILE_NAME


class RunningCloud(NamedTuple):
    """`since` is this machine's time; `fault` is None where all of it lives."""

    since: str
    fault: str | None

    def refusal(self) -> str:
        """What a second start says instead of ending the first one's usage and counters."""
        return (
            f"a local cloud of {self.since} runs: stop it with `make local-stop`, "
            "or replace it with `make local REPLACE=1`"
        )


def running_cloud(directory: Path) -> RunningCloud | None:
    """None where none was started, or was stopped."""
    file = directory / FILE_NAME
    try:
        found = json.loads(file.read_text())
        started = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict):
        return None
    fault = fault_of(found, directory / process_list.FILE_NAME)
    return RunningCloud(f"{started:%H:%M}", fault)
