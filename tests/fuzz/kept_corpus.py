"""The inputs that are kept of a target: one file, a JSON text a line. Bytes that are no UTF-8 are
lone surrogates in it.
"""

import json
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).with_name("corpus")
MOST_INPUTS = 300
MOST_BYTES = 4096


def kept_inputs(target: str, folder: Path = FOLDER) -> list[bytes]:
    """In the order of the file; none where there is no file."""
    place = folder / f"{target}.jsonl"
    lines = place.read_text().splitlines() if place.exists() else []
    return [json.loads(line).encode("utf-8", "surrogateescape") for line in lines]


def keep(target: str, inputs: Iterable[bytes], folder: Path = FOLDER) -> None:
    """Instead of what was kept."""
    lines = [json.dumps(one.decode("utf-8", "surrogateescape")) for one in inputs]
    (folder / f"{target}.jsonl").write_text("".join(f"{line}\n" for line in lines))
