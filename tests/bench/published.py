"""The figures published last, as docs/explanation/performance.md and cost.md have them."""

import json
from pathlib import Path
from typing import Any

from tests.bench.figure import Figure

MEASURED = Path(__file__).with_name("measured.json")


def published() -> list[Figure]:
    return [Figure.from_json(one) for one in published_run()["figures"]]


def published_run() -> dict[str, Any]:
    """And when it was, and on what."""
    found: dict[str, Any] = json.loads(MEASURED.read_text())
    return found
