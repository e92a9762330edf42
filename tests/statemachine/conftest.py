"""One quick ministack for the session, and stages on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.local.ministack import Ministack
from tests.statemachine.actors import Script
from tests.statemachine.quick_ministack import quick_ministack
from tests.statemachine.stage import Stage

# 300 s of waiting take 0.3 s.
WAIT_SCALE = 0.001


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    with quick_ministack(tmp_path_factory.mktemp("ministack"), WAIT_SCALE) as emulator:
        yield emulator


@pytest.fixture
def stage_folder(emulator: Ministack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a stage writes its books; boto3 calls the quick ministack."""
    for name, value in emulator.env.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def stage(stage_folder: Path) -> Callable[..., Stage]:
    """Sets a stage for a script."""

    def set_up(script: Script, broken: str = "") -> Stage:
        return Stage(stage_folder, script, broken)

    return set_up
