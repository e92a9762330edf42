"""One local cloud for all end-to-end tests: started once, the unmodified template deployed."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local import cloud
from tests.local.endpoints import Endpoints, read_endpoints
from tests.local.reaped_process import end_listed_with_us, ending, start_process

# Short enough to see usage being set aside, long enough for a good answer to come first.
HOLD_SECONDS = 6


@pytest.fixture(scope="session")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """Started as `make local` does it; what that leaves running ends with us all the same."""
    directory = tmp_path_factory.mktemp("cloud")
    command = [sys.executable, "-m", "tests.local.cloud", "start"]
    options = ["--directory", str(directory), "--hold-seconds", str(HOLD_SECONDS)]
    window, delay = cloud.QUICK_AUDIT
    options += ["--audit-window-seconds", str(window), "--audit-delay-seconds", str(delay)]
    end_listed_with_us(directory)
    with ending(start_process([*command, *options])) as starting:
        assert starting.wait() == 0
    with pytest.MonkeyPatch.context() as patch:
        running = read_endpoints(directory)
        for name, value in running.aws_environment.items():
            patch.setenv(name, value)
        yield running
    cloud.stop(directory)


@pytest.fixture
def folder(endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where `make local` keeps its files, in the project's folder, in which we then are."""
    monkeypatch.chdir(tmp_path)
    local = tmp_path / ".local"
    local.mkdir()
    endpoints.write(local)
    return local
