"""A shell in which somebody makes a mistake: a folder, an environment without any AWS of ours,
standard input, and what is written to stdout and stderr.

Guaranteed: whatever is done in it, the process is afterwards as it was.
"""

import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from tests.local.ministack import Ministack

# A machine without a profile, without a role, and with the patience of one try.
_BARE = {
    "AWS_CONFIG_FILE": "/nowhere/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "NO_PROXY": "*",
    "no_proxy": "*",
    "COLUMNS": "100",
}
_STILL_WORKING = re.compile(r" \.\.\. \d+ s$")


@dataclass(slots=True)
class Workplace:
    """`names`: what differs from run to run, and how the page calls it."""

    cloud: Ministack
    folder: Path
    out: io.TextIOWrapper
    err: io.StringIO
    names: dict[str, str] = field(default_factory=dict)

    def type_in(self, text: str) -> None:
        """Onto standard input."""
        sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")

    def lay(self, files: Mapping[str, str | bytes]) -> None:
        """Write files into the folder."""
        for name, content in files.items():
            Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def printed(self) -> str:
        """What stdout has."""
        self.out.flush()
        buffer = self.out.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode()

    def said(self) -> str:
        """What stderr has, but for the lines that say that a command still works."""
        lines = self.err.getvalue().splitlines()
        return self.told("\n".join(one for one in lines if not _STILL_WORKING.search(one)))

    def told(self, text: str) -> str:
        """Without the place and the port that this run happened to have."""
        for what, name in {str(self.folder): "/work", **self.names}.items():
            text = text.replace(what, name)
        return text


@contextmanager
def workplace(cloud: Ministack) -> Iterator[Workplace]:
    """For the length of a `with`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    before, folder = Path.cwd(), Path(tempfile.mkdtemp(prefix="mistake-"))
    err, out = io.StringIO(), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    nothing = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    os.chdir(folder)
    try:
        with (
            patch.dict(os.environ, {**kept, **_BARE}, clear=True),
            patch.multiple(sys, stdin=nothing, stdout=out, stderr=err),
        ):
            yield Workplace(cloud, folder, out, err)
    finally:
        os.chdir(before)
        shutil.rmtree(folder)
