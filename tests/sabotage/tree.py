"""A copy of the tree in which one sabotage at a time stands, and the tests that run in it.

Guaranteed: the tree that is worked in is never changed, and a copy is as it was after each run.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.sabotage.sabotage import Sabotage

# What git does not hold and tests need: the environments, and node's packages.
LINKED = (".venv*", ".ci/node_modules")
SAID_LINES = 25
TESTS_FAILED = 1
# A sabotage can be an endless loop; pytest-timeout tells which test hung.
HANGS_AFTER_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of pytest: how it ended, None where it took too long, and the last that it said."""

    status: int | None
    seconds: float
    said: str


def copy_tree(root: Path, to: Path) -> None:
    """What git knows of and what it does not ignore, as it stands on the disk now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in listed.split("\0"):
        if name and (root / name).is_file() and not (root / name).is_symlink():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, to / name)
    for pattern in LINKED:
        for found in root.glob(pattern):
            (to / found.relative_to(root)).symlink_to(found.resolve())


def run_sabotaged(tree: Path, sabotage: Sabotage, seconds: float) -> Ran:
    """The tests that must catch it, with the sabotage in the tree."""
    file = tree / sabotage.file
    before = file.read_text()
    try:
        _write(file, sabotage.applied(before))
        return run_tests(tree, sabotage.caught_by, seconds)
    finally:
        _write(file, before)


def run_tests(tree: Path, arguments: Sequence[str], seconds: float) -> Ran:
    """Pytest in the tree, up to its first failure."""
    options = ["-x", "-q", "-p", "no:cacheprovider", f"--timeout={HANGS_AFTER_SECONDS}"]
    began = time.monotonic()
    # A session of its own: the servers that tests start end with it, too.
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=seconds)
        status: int | None = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        status = None
    last = "\n".join(said.splitlines()[-SAID_LINES:])
    return Ran(status, time.monotonic() - began, last)


def _write(file: Path, text: str) -> None:
    """Its bytecode goes: Python takes it for current while size and second are the same."""
    file.write_text(text)
    for compiled in file.parent.glob(f"__pycache__/{file.stem}.*.pyc"):
        compiled.unlink()
