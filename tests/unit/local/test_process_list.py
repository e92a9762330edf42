"""What is running is known to whoever wants to stop it."""

from pathlib import Path

from tests.local.process_list import read_processes, remember
from tests.local.server_process import ServerProcess


def test_a_process_that_was_started_again_takes_the_place_of_its_old_self(tmp_path: Path) -> None:
    """Its old pid may be anybody's by now."""
    assert read_processes(tmp_path) == []
    for name, pid in (("valkey", 1), ("ministack", 2), ("valkey", 3)):
        remember(tmp_path, ServerProcess(name, pid, name))
    assert [(one.name, one.pid) for one in read_processes(tmp_path)] == [
        ("ministack", 2),
        ("valkey", 3),
    ]
