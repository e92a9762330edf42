"""A ministack in which a minute of waiting is a fraction of a second."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from tests.local.ministack import Ministack, start_ministack


@contextmanager
def quick_ministack(folder: Path, wait_scale: float) -> Iterator[Ministack]:
    """What a state machine waits there takes that part of the time: a public setting of it."""
    with start_ministack(folder) as emulator:
        _configure(emulator, {"stepfunctions._SFN_WAIT_SCALE": wait_scale})
        yield emulator


def _configure(emulator: Ministack, settings: dict[str, float]) -> None:
    request = Request(  # noqa: S310 - our own loopback URL
        f"{emulator.endpoint_url}/_ministack/config",
        data=json.dumps(settings).encode(),
        headers={"Content-Type": "application/json"},
    )
    trust = ssl.create_default_context(cafile=emulator.ca_bundle)
    with urlopen(request, timeout=30, context=trust) as answer:  # noqa: S310 - as above
        assert answer.status == 200
