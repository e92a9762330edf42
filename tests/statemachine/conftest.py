"""A ministack in which a minute of waiting is a fraction of a second."""

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.local.ministack import Ministack, start_ministack
from tests.statemachine.actors import Script
from tests.statemachine.stage import Stage

# A public setting of the emulator: 300 s of waiting take 0.3 s.
WAIT_SCALE = 0.001


@pytest.fixture(scope="session")
def quick_ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    with start_ministack(tmp_path_factory.mktemp("ministack")) as emulator:
        configure(emulator, {"stepfunctions._SFN_WAIT_SCALE": WAIT_SCALE})
        yield emulator


@pytest.fixture
def stage(
    quick_ministack: Ministack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Stage]:
    """Sets a stage for a script."""
    for name, value in quick_ministack.env.items():
        monkeypatch.setenv(name, value)

    def set_up(script: Script, broken: str = "") -> Stage:
        return Stage(tmp_path, script, broken)

    return set_up


def configure(emulator: Ministack, settings: dict[str, float]) -> None:
    request = Request(  # noqa: S310 - our own loopback URL
        f"{emulator.endpoint_url}/_ministack/config",
        data=json.dumps(settings).encode(),
        headers={"Content-Type": "application/json"},
    )
    trust = ssl.create_default_context(cafile=emulator.ca_bundle)
    with urlopen(request, timeout=30, context=trust) as answer:  # noqa: S310 - as above
        assert answer.status == 200
