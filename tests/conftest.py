"""Servers that tests share: real ones, started once per session where a test asks for them."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from tests.local.ministack import Ministack, start_ministack
from tests.local.valkey import Valkey, start_valkey

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# Hypothesis' 200 ms for an example would make tests depend on how busy the machine is.
settings.register_profile("any_machine", settings.default, deadline=None)
settings.load_profile("any_machine")
# Minutes each: what mostly waits for a cloud begins first, beside the rest; what keeps two cores
# busy by itself comes last, when nothing else is left.
FIRST = ("tests/kills/test_kills.py", "tests/e2e/")
LAST = ("tests/simulation/test_simulation.py",)
# Servers end with their orphan, and it is to end within seconds. A look costs a microsecond.
LOOK_EVERY_SECONDS = 0.5


class OneCloud(LoadFileScheduling):  # type: ignore[misc]
    """Files go in their order to whoever is free, but all end-to-end tests to one process: each
    process that has some starts and deploys a cloud of its own.
    """

    def _split_scope(self, nodeid: str) -> str:
        folder = "tests/e2e/"
        return folder if nodeid.startswith(folder) else str(super()._split_scope(nodeid))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order in which files are given to processes."""
    items.sort(key=lambda item: item.nodeid.startswith(LAST) - item.nodeid.startswith(FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneCloud | None:
    """None leaves it to xdist."""
    return OneCloud(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_configure(config: pytest.Config) -> None:
    """A process of xdist ends with the one that started it: by itself one in the middle of a test
    would give up only 15 s later.
    """
    if hasattr(config, "workerinput"):
        parent = os.getppid()
        threading.Thread(target=_end_without, args=(parent,), daemon=True).start()


def _end_without(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey for the session: a test uses keys of its own, or flushes first."""
    with start_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    """A ministack for the session: a test makes queues and buckets of its own."""
    with start_ministack(tmp_path_factory.mktemp("ministack")) as emulator:
        yield emulator


@pytest.fixture
def on_ministack(ministack: Ministack, monkeypatch: pytest.MonkeyPatch) -> Ministack:
    """The environment of a test in which boto3, without being told, calls ministack."""
    for name, value in ministack.env.items():
        monkeypatch.setenv(name, value)
    return ministack


@pytest.fixture
def s3(on_ministack: Ministack) -> "S3Client":
    return boto3.client("s3")


@pytest.fixture
def bucket(s3: "S3Client") -> str:
    """An empty one of the test's own."""
    name = f"test-{uuid4()}"
    s3.create_bucket(Bucket=name)
    return name
