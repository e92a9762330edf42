"""One of our own servers for the length of a `with`, as the process that it is.

A module and its options come in; its process leaves, and the first line that it printed, which ends
with its URL. It is asked to end, and afterwards it is gone, with all that it started.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.local.endpoints import ROOT
from tests.local.reaped_process import ending, start_process

STOP_SECONDS = 60  # the gateway writes out its logs for up to 30 s


@contextmanager
def foreground_server(
    module: str, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    process = start_process(
        [sys.executable, "-m", module, *options],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
    )
    with ending(process):
        assert process.stdout
        yield process, process.stdout.readline().decode().rstrip("\n")
        process.terminate()
        process.wait(STOP_SECONDS)
