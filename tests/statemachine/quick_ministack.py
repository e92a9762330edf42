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
        wait_less(emulator.endpoint_url, emulator.ca_bundle, wait_scale)
        yield emulator


def wait_less(endpoint_url: str, ca_bundle: str, wait_scale: float) -> None:
    """From now on, of a ministack that runs."""
    request = Request(  # noqa: S310 - our own loopback URL
        f"{endpoint_url}/_ministack/config",
        data=json.dumps({"stepfunctions._SFN_WAIT_SCALE": wait_scale}).encode(),
        headers={"Content-Type": "application/json"},
    )
    trust = ssl.create_default_context(cafile=ca_bundle)
    with urlopen(request, timeout=30, context=trust) as answer:  # noqa: S310 - as above
        assert answer.status == 200
