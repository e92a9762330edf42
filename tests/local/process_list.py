"""The processes of a running local cloud: kept in its folder, so that any command can stop it."""

import json
from dataclasses import asdict
from pathlib import Path

from tests.local.reaped_process import forget
from tests.local.server_process import ServerProcess

FILE_NAME = "processes.json"


def remember(directory: Path, process: ServerProcess) -> None:
    """Add a process, in place of the one of its name that is no more."""
    known = [one for one in read_processes(directory) if one.name != process.name]
    text = json.dumps([asdict(one) for one in [*known, process]], indent=2)
    draft = directory / f"{FILE_NAME}.new"
    draft.write_text(text + "\n")
    draft.rename(directory / FILE_NAME)  # in one step: whoever writes may be killed


def read_processes(directory: Path) -> list[ServerProcess]:
    """In the order of their start."""
    try:
        found = json.loads((directory / FILE_NAME).read_text())
    except FileNotFoundError:
        return []
    return [ServerProcess(**process) for process in found]


def let_outlive_us(directory: Path) -> None:
    """What would end with this process lives on: whoever reads the list can stop it."""
    for process in read_processes(directory):
        forget(process.pid)
